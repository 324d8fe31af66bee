// The end of a log file, for somebody who looks on.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice::observe {

// The file to follow: `path`, or its file "current" if that is a directory, as multilog and svlogd have it.
std::string log_file(const std::string& path);

// Its last `most` lines, see core/monitor/log_lines.h. The file is opened each time, so that one that was rotated is
// followed; it is never waited for.
//   errors  a sentence: it cannot be read, or is no regular file
Result<std::vector<std::string>, std::string> read_log_tail(const std::string& file, std::size_t most,
                                                            std::chrono::minutes utc_offset);

}  // namespace sluice::observe
