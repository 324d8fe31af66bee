// Lost: what could not be read as a message and was set aside, as sendmail's view of lost items (-qL) shows it: a
// listing of the files below the queue's quarantine directories. Nothing tries them; they are there for whoever repairs
// what is in them.
#pragma once

#include <string>
#include <vector>

#include "core/select/selector.h"

namespace sluice::observe {

// First {"selected":N}, then an object for each file that the selector names, by which its id is the file's name
// without ".bad". At most kMostLost are looked at; directories that cannot be read hold nothing.
inline constexpr std::size_t kMostLost = 10'000;
std::vector<std::string> lost_in(const std::string& queue_directory, const std::string& queue_name,
                                 select::Selector selector, WallTime now);

}  // namespace sluice::observe
