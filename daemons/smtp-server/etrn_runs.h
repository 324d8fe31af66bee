// Queue runs that clients ask for (ETRN). The client is answered at once; the queues are asked over their control
// sockets while everybody else is served. What keeps a flood of such clients cheap is EtrnTable.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/smtp/etrn.h"
#include "etrn_table.h"
#include "log.h"
#include "system/ipc/control_query.h"

namespace sluice::smtp_server {

class EtrnRuns {
 public:
  struct Queue {
    std::string name;      // for the log
    std::string control;   // the control socket of its qmail-send
    bool expected = true;  // false: that nobody listens there is no news
  };
  struct Queues {  // names of groups are in lower case
    std::function<bool(const std::string& group)> has_group;
    std::function<std::vector<Queue>(const std::string& group)> of_group;  // empty name: of all groups
  };

  EtrnRuns(net::Loop& loop, Log& log, Queues queues);

  // client: its address literal, for the log and for those who look at runs.
  smtp::Reply start(const smtp::EtrnCommand& command, const std::string& client);

  static constexpr Duration kPatience{60'000};  // for a queue to say what it selected

 private:
  struct Run {
    std::string id;
    std::vector<std::unique_ptr<ipc::ControlQuery>> queries;
    std::size_t open = 0;  // queries without an end
    std::uint64_t selected = 0;
    std::string trouble;
  };

  // False: no queue could be asked.
  bool begin(const smtp::EtrnCommand& command, const std::string& whose);
  void ask(const std::string& name, Run& run, const Queue& queue, const nlohmann::json& question);
  void answered(const std::string& name, const std::string& queue, const std::string& error);
  void proceed();

  net::Loop& loop_;
  Log& log_;
  Queues queues_;
  EtrnTable table_;
  boost::unordered_flat_map<std::string, std::unique_ptr<Run>> runs_;
  net::Timer timer_;
  std::uint64_t last_ = 0;
  bool full_logged_ = false;
};

}  // namespace sluice::smtp_server
