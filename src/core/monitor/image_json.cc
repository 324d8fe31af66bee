#include "core/monitor/image_json.h"

#include "core/queue/envelope_codec.h"

namespace sluice::monitor {

namespace {

std::string_view state_of(queue::RecipientStatus status) {
  switch (status) {
    case queue::RecipientStatus::kUntried:
      return "new";
    case queue::RecipientStatus::kDeferred:
      return "deferred";
    case queue::RecipientStatus::kDelivered:
      return "delivered";
    case queue::RecipientStatus::kFailed:
      break;
  }
  return "failed";
}

bool is_eight_bit(Octets envelope) {
  queue::EnvelopeFields fields(envelope);
  while (fields.next() && fields.letter() != 'T')
    if (fields.letter() == 'B') return fields.value() == Octets("\1", 1);
  return false;
}

}  // namespace

MessageWriter::Head head_of(const queue::Image::MessageView& message, std::string_view queue_name) {
  return {.id = message.id().raw(),
          .queue = queue_name,
          .sender = message.sender(),
          .arrival = to_seconds(message.arrival()),
          .size = message.body().length,
          .accepted = message.recipients(),
          .precedence = message.precedence(),
          .eight_bit = is_eight_bit(message.envelope()),
          .warned = message.warned(),
          .held = message.held(),
          .hold_reason = message.hold_reason()};
}

MessageWriter::Recipient recipient_of(const queue::Image::RecipientView& recipient) {
  return {.address = recipient.address,
          .channel = queue::name_of(recipient.channel),
          .state = state_of(recipient.status),
          .attempts = recipient.attempts,
          .text = recipient.text};
}

}  // namespace sluice::monitor
