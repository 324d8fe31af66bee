// The two locks of an mbox. Internal to this folder; mailbox.h says which and why.
#pragma once

#include <string>

#include "base/result.h"
#include "system/mbox/mailbox.h"
#include "system/os/fd.h"

namespace sluice::mbox {

// Holds both locks until it dies. The fcntl lock goes with the open file.
class Locks {
 public:
  enum class Held : std::uint8_t { kYes, kBusy };

  // One try, which never waits. kBusy: somebody else has one of them, and we have none.
  //   directory, name  where PATH.lock is to stand
  Result<Held, Trouble> take(int mailbox, int directory, const std::string& name);

  Locks() = default;
  Locks(const Locks&) = delete;
  Locks& operator=(const Locks&) = delete;
  ~Locks() { release(); }
  void release();

 private:
  Result<Held, Trouble> take_dot_lock(int directory);
  int mailbox_ = -1;
  int directory_ = -1;  // -1: no dot-lock is held
  std::string dot_lock_;
};

}  // namespace sluice::mbox
