// Todo: routes announced messages. When qmail-send falls behind, it stops reading from qmail-intake, which then keeps
// the rest on disk.
#pragma once

#include <functional>

#include "core/route/router.h"
#include "system/ipc/link.h"

namespace sluice::todo {

class Todo {
 public:
  using LoadRouter =
      std::function<std::optional<route::Router>()>;  // nullopt: bad settings (said already), keep the old

  // `scheduler` and `intake` are the sockets to qmail-send and qmail-intake. When either is gone, the loop stops.
  Todo(net::Loop& loop, route::Router router, LoadRouter reload, os::Fd scheduler, os::Fd intake);

 private:
  bool from_scheduler(const link::Frame& frame);
  bool from_intake(const link::Frame& frame);
  void admit(const link::Announce& announced);

  route::Router router_;
  LoadRouter reload_;
  ipc::Link scheduler_;
  ipc::Link intake_;
};

}  // namespace sluice::todo
