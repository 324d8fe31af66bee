// Supervisor: the children of one instance, and what the signals and the control socket mean for them. Runs in a loop;
// everything that must hold before the first child is started is before_start.h's. As the daemon that a sendmail became
// it also starts queue runs; and beside another supervisor of the instance it leaves the queues to that one, until the
// lock is free.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "child.h"
#include "daemon_form.h"
#include "fleets.h"
#include "instance.h"
#include "open_doors.h"
#include "runners.h"
#include "smtp_start.h"
#include "system/config/load.h"
#include "system/ipc/control.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"
#include "timed_runs.h"

namespace sluice::supervisor {

class Supervisor {
 public:
  struct Parts {
    Instance instance;
    layout::Owners owners;
    config::Reloadable settings;
    std::vector<std::unique_ptr<Listeners>> listeners;  // open, one a process of the SMTP server
    os::Fd lock;                                        // empty: another supervisor has the queues
    os::Fd control;                                     // listening, if we have them
    bool interactive = false;                           // INT comes from a person at the terminal: it stops
    std::unique_ptr<DaemonForm> form{};                 // of a daemon of sendmail's
  };

  Supervisor(net::Loop& loop, Parts parts);

  // Starts everything; the loop ends when TERM has stopped everything.
  void start();
  // Everything was stopped for a restart: what to become now.
  std::optional<os::Program> successor() const;

 private:
  using Children = std::vector<std::unique_ptr<Child>>;

  void add_server(std::size_t number);
  void take_queues();
  void look_at_lock();
  void doors_are_open();
  void start_runs();
  void on_signal(int signo);
  void reap();
  void reload();
  void forward(int signo);
  void restart_form(const std::vector<std::string_view>& need_restart);
  void stop();
  void stop_servers_and_queues();
  void stop_all(Children& children, std::function<void()> then);
  void stopped();
  Result<ipc::Answers, std::string> answer(const nlohmann::json& query);
  ipc::Answers status() const;
  Result<ipc::Answers, std::string> pause(const nlohmann::json& query);

  net::Loop& loop_;
  Parts parts_;
  Fleets fleets_;
  Children servers_;
  std::optional<ipc::ControlServer> control_;
  std::optional<OpenDoors> doors_;  // servers and queue runs wait for them
  net::Timer lock_look_;
  std::optional<TimedRuns> timed_runs_;
  std::unique_ptr<Runners> runners_;
  bool stopping_ = false, again_ = false;
};

}  // namespace sluice::supervisor
