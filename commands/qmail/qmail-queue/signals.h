// Signals and standard descriptors of a program that others start, with whatever they had, and that holds files which
// must not be left behind.
#pragma once

#include <cstddef>

namespace sluice::qmail_queue {

// Before anything else. Descriptors 0 to 2 that are closed become /dev/null, so that no file of the queue gets their
// number. Signals that a terminal sends are ignored; a fault ends with 81, the alarm, a day from now, with 52, and
// both leave what there is to the sweep of qmail-clean. SIGTERM waits for read_input().
void settle_in();

// Throws Stop{kRead} if the descriptor is open for writing only, as standard output into a pipe is: poll(2) would wait
// for its input until the alarm.
void require_input(int fd);

// read(2), and the only place in which SIGTERM can end the program, in order: throws Stop{kToldToStop}.
// Throws Stop{kRead} if the descriptor cannot be read.
std::size_t read_input(int fd, char* to, std::size_t length);

}  // namespace sluice::qmail_queue
