#include "core/queue/state_record.h"

#include "base/codec.h"

namespace sluice::queue {

namespace {

enum class HeldState : std::uint8_t { kReleased = 0, kHeld = 1 };

Encoder begin(std::string& out, StateType type) { return Encoder(out).u8(static_cast<std::uint8_t>(type)); }

Octets shortened(Octets text) { return text.substr(0, mail::kMaximumText); }

Octets take_text(Decoder& from) {
  const Octets text = from.octets();
  if (text.size() > mail::kMaximumText) from.fail();
  return text;
}

Deferred take_deferred(Decoder& from) {
  Deferred record;
  record.id = MessageId{from.u64()};
  record.next_attempt = wall_from_millis(from.i64());
  record.attempts = from.u16();
  record.text = take_text(from);
  if (from.rest().size() % sizeof(std::uint32_t) != 0) from.fail();
  record.recipients.reserve(from.rest().size() / sizeof(std::uint32_t));
  while (!from.rest().empty()) record.recipients.push_back(from.u32());
  return record;
}

Settled take_settled(Decoder& from) {
  Settled record;
  record.id = MessageId{from.u64()};
  record.recipient = from.u32();
  record.verdict = static_cast<mail::Verdict>(from.u8());
  record.text = take_text(from);
  if (!from.rest().empty()) record.reached = from.enumeration(mail::Reached::kExpanded);
  if (record.verdict != mail::Verdict::kDelivered && record.verdict != mail::Verdict::kFailed) from.fail();
  return record;
}

std::optional<StateRecord> take_record(StateType type, Decoder& from) {
  switch (type) {
    case StateType::kAdmitted: {
      const auto view = AdmittedView::decode(from.raw(from.rest().size()));
      if (!view) return std::nullopt;
      return *view;
    }
    case StateType::kDeferred:
      return take_deferred(from);
    case StateType::kSettled:
      return take_settled(from);
    case StateType::kBounced: {
      const MessageId id{from.u64()};
      return Bounced{id, MessageId{from.u64()}};
    }
    case StateType::kMoved: {
      const MessageId id{from.u64()};
      return Moved{id, decode_body_ref(from)};
    }
    case StateType::kFinished:
      return Finished{MessageId{from.u64()}};
    case StateType::kSeen:
      return Seen{Lsn{from.u64()}};
    case StateType::kSegment:
      return Segment{from.u64()};
    case StateType::kRemoved:
      return Removed{from.u64()};
    case StateType::kWarned: {
      const MessageId id{from.u64()};
      return Warned{id, MessageId{from.u64()}};
    }
    case StateType::kGivenUp:
      return GivenUp{MessageId{from.u64()}};
    case StateType::kHeld: {
      const MessageId id{from.u64()};
      const bool on = from.enumeration(HeldState::kHeld) == HeldState::kHeld;
      return Held{id, on, take_text(from)};
    }
  }
  return std::nullopt;
}

}  // namespace

void encode_state(std::string& out, const AdmittedView& record) {
  begin(out, StateType::kAdmitted);
  record.encode(out);
}
void encode_state(std::string& out, const Admitted& record) {
  begin(out, StateType::kAdmitted);
  record.encode(out);
}
void encode_state(std::string& out, const Deferred& record) {
  Encoder to = begin(out, StateType::kDeferred);
  to.u64(record.id.raw()).i64(to_millis(record.next_attempt)).u16(record.attempts).octets(shortened(record.text));
  for (const std::uint32_t recipient : record.recipients) to.u32(recipient);
}
void encode_state(std::string& out, const Settled& record) {
  Encoder to = begin(out, StateType::kSettled);
  to.u64(record.id.raw()).u32(record.recipient).u8(static_cast<std::uint8_t>(record.verdict));
  to.octets(shortened(record.text));
  if (record.reached != mail::Reached::kMailbox) to.u8(static_cast<std::uint8_t>(record.reached));
}
void encode_state(std::string& out, const Bounced& record) {
  begin(out, StateType::kBounced).u64(record.id.raw()).u64(record.bounce.raw());
}
void encode_state(std::string& out, const Moved& record) {
  Encoder to = begin(out, StateType::kMoved);
  encode_body_ref(to.u64(record.id.raw()), record.body);
}
void encode_state(std::string& out, const Finished& record) { begin(out, StateType::kFinished).u64(record.id.raw()); }
void encode_state(std::string& out, const Seen& record) { begin(out, StateType::kSeen).u64(record.next.raw()); }
void encode_state(std::string& out, const Segment& record) { begin(out, StateType::kSegment).u64(record.segment); }
void encode_state(std::string& out, const Removed& record) { begin(out, StateType::kRemoved).u64(record.segment); }
void encode_state(std::string& out, const Warned& record) {
  begin(out, StateType::kWarned).u64(record.id.raw()).u64(record.report.raw());
}
void encode_state(std::string& out, const GivenUp& record) { begin(out, StateType::kGivenUp).u64(record.id.raw()); }
void encode_state(std::string& out, const Held& record) {
  Encoder to = begin(out, StateType::kHeld).u64(record.id.raw());
  to.u8(record.on ? 1 : 0).octets(shortened(record.reason));
}

std::optional<StateRecord> decode_state(Octets octets) {
  Decoder from(octets);
  const auto type = static_cast<StateType>(from.u8());
  auto record = take_record(type, from);
  if (!record || !from.done()) return std::nullopt;
  return record;
}

}  // namespace sluice::queue
