// Reads one small text file whole. Internal to this folder.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sluice::config {

// Nothing if there is no such file; the error is a sentence part, "Permission denied". Never waits: a pipe or a device
// is an error. Files over 64 MiB and files with NUL octets are errors.
Result<std::optional<std::string>, std::string> read_text_file(const std::string& path);

}  // namespace sluice::config
