// Opens an mbox for appending, by the rules of mailbox.h about links, devices and new files, and takes its locks.
// Internal to this folder.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "system/mbox/disk.h"
#include "system/mbox/locks.h"
#include "system/mbox/mailbox.h"
#include "system/os/fd.h"

namespace sluice::mbox {

struct OpenMailbox {
  os::Fd directory;  // in which it stands; for a link, that of its target
  std::string name;
  os::Fd file;
  bool made = false;  // it was not there before
  Locks locks;
};

enum class Missing : std::uint8_t { kCreate, kNone };

// The file is the one that bears the name once its locks are held. Null: there is none (Missing::kNone only).
Result<std::unique_ptr<OpenMailbox>, Trouble> open_locked(const std::string& path, Missing missing,
                                                          const Patience& patience, Disk& disk);

}  // namespace sluice::mbox
