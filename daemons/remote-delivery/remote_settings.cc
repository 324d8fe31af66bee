#include "remote_settings.h"

namespace sluice::remote {

Duration RemoteSettings::Timeouts::of(smtp::Step step) const {
  using smtp::Step;
  switch (step) {
    case Step::kGreeting:
      return greeting;
    case Step::kEhlo:
    case Step::kHelo:
    case Step::kLhlo:
      return hello;
    case Step::kReset:
    case Step::kMail:
      return mail;
    case Step::kRcpt:
      return rcpt;
    case Step::kData:
      return data;
    case Step::kBody:
      return block;
    case Step::kFinal:
      return final;
    case Step::kQuit:
      return quit;
    case Step::kIdle:
    case Step::kDead:
      break;
  }
  return Duration::max();
}

}  // namespace sluice::remote
