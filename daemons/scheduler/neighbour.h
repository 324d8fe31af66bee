// Neighbour: one of the daemons that qmail-send talks to, which may be missing for a while: what is sent to one that is
// not there is dropped, and whoever needs an answer asks its successor again (send.h).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "system/ipc/link.h"

namespace sluice::scheduler {

class Neighbour {
 public:
  struct Callbacks {
    std::function<void()> hello;                       // it has introduced itself
    std::function<bool(const link::Frame&)> frame;     // as ipc::Link's
    std::function<void(const std::string& why)> lost;  // it is not there any more
  };

  Neighbour(net::Loop& loop, link::Role role, os::Fd socket, Callbacks callbacks);
  Neighbour(const Neighbour&) = delete;

  // Its successor is at the other end of `socket`.
  void connect(os::Fd socket);
  // Ends the link without a callback; may be called from within one.
  void disconnect();

  template <class Message>
  void send(const Message& message) {
    if (link_) link_->send(message);
  }

  link::Role role() const { return role_; }
  bool is_there() const { return link_ != nullptr; }
  // The process id as it said itself; 0: it has not spoken yet.
  std::uint32_t pid() const { return hello_.pid; }
  const link::Hello& hello() const { return hello_; }  // all zero before it came
  std::uint32_t limit() const { return limit_; }       // of the last one that said any
  bool is_successor() const { return successor_; }

 private:
  net::Loop& loop_;
  const link::Role role_;
  Callbacks callbacks_;
  std::unique_ptr<ipc::Link> link_;
  link::Hello hello_;
  std::uint32_t limit_ = 0;
  bool successor_ = false;
  std::uint64_t serial_ = 0;  // of the link that counts
};

}  // namespace sluice::scheduler
