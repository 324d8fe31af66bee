#include "remote_settings.h"

namespace sluice::remote {

Duration limit_of(smtp::Step step, const mail::ClientTimeouts& timeouts) {
  using smtp::Step;
  using enum mail::ClientWait;
  switch (step) {
    case Step::kGreeting:
      return timeouts[kGreeting];
    case Step::kEhlo:
    case Step::kHelo:
    case Step::kLhlo:
      return timeouts[kHello];
    case Step::kReset:
    case Step::kMail:
      return timeouts[kMail];
    case Step::kRcpt:
      return timeouts[kRcpt];
    case Step::kData:
      return timeouts[kData];
    case Step::kBody:
      return timeouts[kBlock];
    case Step::kFinal:
      return timeouts[kFinal];
    case Step::kQuit:
      return timeouts[kQuit];
    case Step::kIdle:
    case Step::kDead:
      break;
  }
  return Duration::max();
}

}  // namespace sluice::remote
