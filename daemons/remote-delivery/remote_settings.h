// The few settings that remote delivery needs, already checked.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "core/mail/client_timeouts.h"
#include "core/smtp/client_outcome.h"

namespace sluice::remote {

struct RemoteSettings {
  std::string hello;                          // our name in EHLO
  std::uint32_t messages_per_session = 1000;  // 0: no limit
  Duration idle_time = Seconds{2};            // 0: sessions are not kept
  Duration session_age = Seconds{300};        // a session older than this takes no further message

  std::string program;                    // that delivers in place of our SMTP client, or empty
  Duration program_time = Seconds{3600};  // for one delivery by it

  mail::ClientTimeouts timeouts;  // all but iconnect and aconnect are said
};

// How long to wait in this step; Duration::max(): there is nothing to wait for.
Duration limit_of(smtp::Step step, const mail::ClientTimeouts& timeouts);

}  // namespace sluice::remote
