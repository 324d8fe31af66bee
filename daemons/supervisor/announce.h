// The supervisor's lines: announcements on standard output, alerts on standard error, in the words of qscheduler(8).
#pragma once

#include <string_view>

namespace sluice::supervisor {

inline constexpr const char* kName = "qscheduler";

void announce(std::string_view text);                               // "info: qscheduler: TEXT"
void announce_as(std::string_view program, std::string_view text);  // "info: PROGRAM: TEXT"
void alert(std::string_view text);                                  // "alert: qscheduler: TEXT"

// "SIGTERM" and so on, for those that the supervisor handles or sends.
std::string_view signal_name(int signo);

}  // namespace sluice::supervisor
