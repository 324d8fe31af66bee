// Todo: routes announced messages, and has those adopted that stand in the todo directory. When qmail-send falls
// behind, or has detached us, it stops reading from qmail-intake, which then keeps the rest on disk.
#pragma once

#include <functional>

#include "core/route/router.h"
#include "system/ipc/link.h"
#include "todo_door.h"

namespace sluice::todo {

class Todo {
 public:
  using LoadRouter =
      std::function<std::optional<route::Router>()>;  // nullopt: bad settings (said already), keep the old

  // `scheduler` and `intake` are the sockets to qmail-send and qmail-intake. When either is gone, the loop stops.
  Todo(net::Loop& loop, route::Router router, LoadRouter reload, TodoDoor::Mode mode, TodoDoor::Place place,
       os::Fd scheduler, os::Fd intake);

  void reload();

 private:
  bool from_scheduler(const link::Frame& frame);
  bool from_intake(const link::Frame& frame);
  bool announced(Octets payload);
  bool quiet(Octets payload);
  bool detach(Octets payload);
  void admit(const link::Announce& announced);

  route::Router router_;
  LoadRouter reload_;
  ipc::Link scheduler_;
  ipc::Link intake_;
  TodoDoor door_;
  bool detached_ = false;
};

}  // namespace sluice::todo
