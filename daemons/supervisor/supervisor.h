// Supervisor: the children of one instance, and what the signals and the control socket mean for them. Runs in a loop;
// everything that must hold before the first child is started is before_start.h's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "child.h"
#include "fleet.h"
#include "instance.h"
#include "open_doors.h"
#include "smtp_start.h"
#include "system/config/load.h"
#include "system/ipc/control.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

class Supervisor {
 public:
  struct Parts {
    Instance instance;
    layout::Owners owners;
    config::Reloadable settings;
    std::vector<std::unique_ptr<Listeners>> listeners;  // open, one a process of the SMTP server
    os::Fd control;                                     // listening
    bool interactive = false;                           // INT comes from a person at the terminal: it stops
  };

  Supervisor(net::Loop& loop, Parts parts);

  // Starts everything; the loop ends when TERM has stopped everything.
  void start();

 private:
  using Children = std::vector<std::unique_ptr<Child>>;

  void add_server(std::size_t number);
  void on_signal(int signo);
  void reap();
  void reload();
  void forward(int signo);
  void stop();
  void stop_all(Children& children, std::function<void()> then);
  void stopped();
  Result<ipc::Answers, std::string> answer(const nlohmann::json& query);
  ipc::Answers status() const;
  Result<ipc::Answers, std::string> pause(const nlohmann::json& query);

  net::Loop& loop_;
  Parts parts_;
  Fleet fleet_;
  Children servers_;
  std::optional<ipc::ControlServer> control_;
  std::optional<OpenDoors> doors_;  // the servers wait for them
  bool stopping_ = false;
};

}  // namespace sluice::supervisor
