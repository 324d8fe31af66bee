// DaemonForm: qscheduler as the daemon that a sendmail became (core/supervise/daemon_plan.h): who hears that it stands,
// where its lines go, its pid file, and its command line, which is executed anew when a restart is needed.
//
// Lines for a background daemon go to a file, or through splogger to syslog. splogger runs under the logger's user and
// reads a pipe of which we keep both ends: one that dies loses nothing, and its successor reads on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "child.h"
#include "core/supervise/daemon_plan.h"
#include "instance.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"
#include "system/os/fd.h"
#include "system/os/process.h"

namespace sluice::supervisor {

// The plan in our environment, from which it is removed. Nothing: we are an ordinary qscheduler. Throws os::Fatal.
std::optional<supervise::DaemonPlan> take_plan();

class DaemonForm {
 public:
  // `instance` and `owners` are not owned.
  DaemonForm(net::Loop& loop, const Instance& instance, const layout::Owners& owners, supervise::DaemonPlan plan);
  ~DaemonForm();

  const supervise::DaemonPlan& plan() const { return plan_; }

  // Sends the lines to the log, starts splogger, writes the pid file and says what begins. Throws os::Fatal. Before the
  // first other child: children inherit where their lines go.
  void begin();
  // Tells whoever waits that the daemon stands.
  void stands();
  // The other daemon of this instance has ended: its pid file is ours, if it was that one's.
  void take_pid_file();
  // splogger ended; false: it was another process.
  bool ended(pid_t pid, int status);
  // The log is a file: opens it by its name again.
  void reopen_log();
  // The lines from here on are the last of this process, which ends or becomes its command line again.
  void end();

  // "/usr/sbin/sendmail": what is restarted.
  const std::string& program() const { return plan_.command.front(); }
  // The settings say now what the command line chose because they did not.
  bool is_outdated() const;
  // The command line, to be executed anew in this process.
  os::Program again() const;

 private:
  std::string lock_pid_file();
  void open_log_file();
  void open_syslog();

  net::Loop& loop_;
  const Instance& instance_;
  const layout::Owners& owners_;
  supervise::DaemonPlan plan_;
  os::Fd pid_file_, log_read_;
  std::unique_ptr<Child> splogger_;
};

}  // namespace sluice::supervisor
