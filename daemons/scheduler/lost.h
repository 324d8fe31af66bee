// Lost: what could not be read as a message and was set aside, as sendmail's view of lost items (-qL) shows it: a
// listing of the files below the queue's quarantine directories. Nothing tries them; they are there for whoever repairs
// what is in them.
#pragma once

#include <string>

#include "core/select/selector.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

// First {"selected":N}, then an object for each file that the selector names, by which its id is the file's name
// without ".bad". At most kMostLost are looked at; directories that cannot be read hold nothing.
inline constexpr std::size_t kMostLost = 10'000;
ipc::Answers lost_in(const std::string& queue_directory, const std::string& queue_name, select::Selector selector,
                     WallTime now);

}  // namespace sluice::scheduler
