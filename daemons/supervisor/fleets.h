// Fleets: the queues of an instance, one Fleet for each queue group, as the supervisor sees them: what is asked of all
// is asked of each, what is about one queue of the fleet that runs it. What other programs say of loads (mq
// /qscheduler) is told to the fleet of the queue that it is about.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "fleet.h"

namespace sluice::supervisor {

class Fleets {
 public:
  // `instance` and `owners` are not owned.
  Fleets(net::Loop& loop, const Instance& instance, const layout::Owners& owners, const settings::Settings& settings);

  void start();
  // What of the settings counts at once. The numbers of queues of declared groups change with a restart only.
  void set_limits(const settings::Settings& settings);
  bool settled() const;

  bool ended(pid_t pid, int status);
  void forward(int signo);
  void stop(std::function<void()> then);
  Result<void, std::string> pause(unsigned number, bool on);

  std::vector<nlohmann::json> describe() const;  // an object for each group
  std::vector<nlohmann::json> reports() const;   // and for each queue

 private:
  std::vector<std::unique_ptr<Fleet>> fleets_;
};

}  // namespace sluice::supervisor
