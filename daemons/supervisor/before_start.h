// All that must hold before the first daemon is started, so that nothing is left half-started: the programs are there,
// the run directory and the base of the queues too, no other supervisor runs this instance, its ports are free. What a
// server that was killed left behind is given some time to end. Queues are not looked at: a queue that cannot start, or
// that somebody else still runs, is one queue's trouble (child.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "instance.h"
#include "smtp_start.h"
#include "system/layout/owners.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

// Throws os::Fatal.
void check_programs(const Instance& instance);
void make_directories(const Instance& instance, const layout::Owners& owners);

// Held until this process ends. Nothing: another supervisor holds it. Throws os::Fatal when it cannot be had at all.
std::optional<os::Fd> lock_instance(const Instance& instance);

// Opens the listening sockets of every process of the SMTP server, or throws os::Fatal with the one that cannot be had.
std::vector<std::unique_ptr<Listeners>> open_listeners(const Instance& instance);

// The control socket, listening. Throws os::Fatal.
os::Fd listen_for_control(const Instance& instance);

}  // namespace sluice::supervisor
