// Announcer: tells todo-proc of every durable message, in the order of the journal. Normally straight after the commit;
// when todo-proc has not asked yet, or falls behind (its link is congested), the announcer lets go of the rest and
// reads it from the journal again later. So what todo-proc has not taken costs no memory here.
#pragma once

#include <span>

#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::intake {

class Announcer {
 public:
  // Neither is owned; `todo` may be set later.
  explicit Announcer(store::BodyWriter& writer) : writer_(writer) {}

  void connect(ipc::Link* todo) { todo_ = todo; }
  // todo-proc wants everything from here on.
  void resume(queue::Lsn from);
  // These became durable just now.
  void announce(std::span<const store::NewBody> bodies, std::span<const store::Stored> stored);
  // todo-proc took what was buffered, or time to try again after disk trouble. False: the journal could not be read.
  bool catch_up();
  // Everything durable was announced.
  bool done() const { return asked_ && !behind_; }

 private:
  void send(const store::Replayed& message);

  store::BodyWriter& writer_;
  ipc::Link* todo_ = nullptr;
  bool asked_ = false;   // a Resume has come
  bool behind_ = false;  // from next_ on, announcements come from the journal
  queue::Lsn next_;      // everything before this was announced
};

}  // namespace sluice::intake
