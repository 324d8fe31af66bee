// The server: takes connections from its listeners, keeps them, and ends them. One thread; everything happens in the
// loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admission.h"
#include "connection.h"
#include "log.h"
#include "rules.h"
#include "system/ipc/submitter.h"
#include "system/net/socket.h"
#include "system/os/load_average.h"

namespace sluice::smtp_server {

class Server {
 public:
  // offers: which queues take messages now. group_of: which queue group takes a message, as the offers name it.
  // queues: which can be told to run.
  using GroupOf = std::function<std::size_t(const mail::Envelope&)>;
  Server(net::Loop& loop, Log& log, std::shared_ptr<const Rules> rules, ipc::Submitter::Offers offers, GroupOf group_of,
         EtrnRuns::Queues queues);

  void listen(std::vector<os::Fd> listeners);
  // For connections that come from now on.
  void set_rules(std::shared_ptr<const Rules> rules);
  // Takes no more connections, ends those that are open (each as soon as its message is answered), then stops the loop;
  // at the latest after kStopPatience.
  void stop();

  static constexpr Duration kStopPatience{5000};

 private:
  struct Ending {  // a connection that is over and whose last reply is not sent yet
    std::shared_ptr<net::Stream> stream;
    MonoTime limit;
  };

  void take(os::Fd socket, const net::Endpoint& peer);
  void refuse(const os::Fd& socket, const settings::Address& client, Admission::Verdict verdict);
  void ended(Connection& connection, std::shared_ptr<net::Stream> rest);
  void sweep();
  void look_at_load();
  void refuse_connections(double load);
  void take_connections_again();
  void stop_if_done();
  void each_connection(const std::function<void(Connection&)>& visit);
  std::string date();

  net::Loop& loop_;
  Log& log_;
  std::shared_ptr<const Rules> rules_;
  Admission admission_;
  ipc::Submitter submitter_;
  Buffers buffers_;
  EtrnRuns etrn_;
  os::LoadAverage load_;
  Pressure pressure_ = Pressure::kNone;
  bool refusing_ = false;  // nobody can connect
  Connection::Means means_;
  std::vector<net::Acceptor> acceptors_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> dead_;  // destroyed at the end of the turn
  std::vector<Ending> endings_;
  net::Timer sweep_timer_;
  std::string date_text_;
  std::int64_t date_second_ = -1;
  bool stopping_ = false;
  MonoTime stop_limit_{};
};

}  // namespace sluice::smtp_server
