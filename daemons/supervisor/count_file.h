// The control file qcount: how many dynamic queues were in use last, so that a restart begins with as many. One decimal
// number and a newline (docs/formats.md). Written by qscheduler alone, as a whole: whoever reads it, after a crash too,
// finds the old number or the new one.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::supervisor {

// Nothing: there is no such file. Errors are sentences: it cannot be read, or holds no number from 1 to 1023.
Result<std::optional<unsigned>, std::string> read_count(const std::string& control_directory);

// When this returns without an error the number survives power loss.
Result<void, std::string> write_count(const std::string& control_directory, unsigned count);

}  // namespace sluice::supervisor
