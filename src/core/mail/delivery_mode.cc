#include "core/mail/delivery_mode.h"

#include "base/bytes.h"

namespace sluice::mail {

std::optional<DeliveryMode> delivery_mode_of(std::string_view text) {
  switch (text.empty() ? '\0' : ascii_lower(text.front())) {
    case 'b':
      return DeliveryMode::kBackground;
    case 'i':
      return DeliveryMode::kInteractive;
    case 'q':
      return DeliveryMode::kQueueOnly;
    case 'd':
      return DeliveryMode::kDefer;
    default:
      return std::nullopt;
  }
}

}  // namespace sluice::mail
