// DaemonPlan: what a sendmail that was told to become a daemon (-bd, -bD, -q1h, -qp) wants of the qscheduler that it
// becomes, handed over in one environment variable as JSON (docs/formats.md, "Plan of a daemon"). A value; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/select/selector.h"

namespace sluice::supervise {

// The variable. Whoever reads it removes it from the environment of the programs that it starts.
inline constexpr const char* kDaemonPlan = "SLUICE_DAEMON";
// Set by a background daemon that executes its command line anew: it is in the background already.
inline constexpr const char* kDaemonAgain = "SLUICE_DAEMON_AGAIN";
// The groups that one persistent runner serves, separated by blanks; in the environment of a runner, beside the plan.
inline constexpr const char* kRunnerGroups = "SLUICE_RUNNER_GROUPS";

struct DaemonPlan {
  bool listen = false;                 // -bd, -bD: an SMTP server
  bool persistent = false;             // -qp: runners of their own; else `interval` is that of timers
  bool restarts = true;                // runners that die are started again; false: -dno_persistent_restart
  bool retry_by_runs = false;          // the command line chose so, because the settings said nothing
  bool background = false;             // standard output and error go to the log once the daemon stands
  std::optional<Duration> interval{};  // of -q or -qp; nothing or 0 without -qp: no queue runs
  select::Selector selector{};         // -qI -qR -qS
  std::optional<std::string> group{};  // -qG
  int report = -1;                     // descriptor on which somebody waits to hear that the daemon stands
  std::string log{};                   // a file; empty: syslog
  std::string pid_file{};
  std::vector<std::string> command{};  // the command line; the first is the full path
  std::string directory{};             // in which it was given

  bool runs_by_timer() const { return !persistent && interval && *interval > Duration{0}; }
  friend bool operator==(const DaemonPlan&, const DaemonPlan&) = default;
};

std::string encode(const DaemonPlan& plan);
//   errors  a sentence that names the member
Result<DaemonPlan, std::string> decode_daemon_plan(std::string_view json);

// "accepting connections", "Queue runner@01:00:00 for /q", "Queue control".
std::string title_of(const DaemonPlan& plan, std::string_view queue_directory);
// "SMTP+queueing@01:00:00", "persistent-queueing@00:00:01", "SMTP".
std::string purpose_of(const DaemonPlan& plan);

}  // namespace sluice::supervise
