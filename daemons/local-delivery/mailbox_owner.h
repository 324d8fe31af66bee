// Whose mailbox an address is: the system user that the local part names, alone or before a dash ("joe" also gets
// "joe-lists"), the longest such name first. Never root; and where mail goes into home directories, never somebody
// whose home is not a directory of his own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/mail/outcome.h"

namespace sluice::local_delivery {

struct MailboxOwner {
  std::string name, home;
  uid_t uid = 0;
  gid_t gid = 0;
};

enum class Home : std::uint8_t {
  kNeeded,  // the mailbox is in it
  kUnused,  // the mailbox has an absolute path: a user may be without a home
};

// The outcome says why there is none: permanently (no such user, 5.1.1) or for now (his home cannot be seen, 4.3.0).
Result<MailboxOwner, mail::Outcome> mailbox_owner(std::string_view address, Home home);

}  // namespace sluice::local_delivery
