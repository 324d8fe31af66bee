// Starting one queue: its directories are there, nobody else runs it, qmail-start is executed.
#pragma once

#include <optional>
#include <string>

#include "child.h"
#include "instance.h"
#include "system/layout/owners.h"

namespace sluice::supervisor {

enum class Mutex { kFree, kHeld, kUnusable };

// Whether some qmail-send holds lock/sendmutex of the queue at this moment.
Mutex probe_mutex(const std::string& queue_directory);

// Makes what is missing of the queue's directories and sets their modes right; owners are queue-fix's affair, because
// the files below would have to follow. Nothing: the queue can be started; else why not.
std::optional<std::string> prepare_queue(const std::string& queue_directory, const queue::QueueShape& shape,
                                         const layout::Owners& owners);

Result<pid_t, StartTrouble> start_queue(const Instance& instance, const supervise::QueueSpec& queue,
                                        const layout::Owners& owners);

}  // namespace sluice::supervisor
