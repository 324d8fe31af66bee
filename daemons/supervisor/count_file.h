// The control file qcount (of another group than the default one: qcount.GROUP): how many dynamic queues were in use
// last, so that a restart begins with as many. One decimal number and a newline (docs/formats.md). Written by
// qscheduler alone, as a whole: whoever reads it, after a crash too, finds the old number or the new one.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "system/groups/groups.h"

namespace sluice::supervisor {

std::string count_file_of(const groups::Group& group);

// Nothing: there is no such file. Errors are sentences: it cannot be read, or holds no number from 1 to 1023.
Result<std::optional<unsigned>, std::string> read_count(const std::string& control_directory, const std::string& name);

// When this returns without an error the number survives power loss.
Result<void, std::string> write_count(const std::string& control_directory, const std::string& name, unsigned count);

}  // namespace sluice::supervisor
