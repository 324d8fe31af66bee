// The sysexits code that tells a program what a failure for good was, as sendmail's exit codes do.
#pragma once

#include <sysexits.h>

#include "core/mail/outcome.h"

namespace sluice::scheduler {

inline int exit_status_of(const mail::Outcome& outcome) {
  const mail::EnhancedCode& code = outcome.code;
  if (code.status_class == 0)
    return outcome.reply == 550 || outcome.reply == 551 || outcome.reply == 553 ? EX_NOUSER : EX_UNAVAILABLE;
  if ((code.subject == 1 && (code.detail == 2 || code.detail == 10)) || (code.subject == 4 && code.detail == 4))
    return EX_NOHOST;
  if (code.subject == 1) return EX_NOUSER;
  if (code.subject == 5) return EX_PROTOCOL;
  if (code.subject == 6) return EX_DATAERR;
  return EX_UNAVAILABLE;
}

}  // namespace sluice::scheduler
