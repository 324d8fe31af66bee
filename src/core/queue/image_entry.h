// One message inside the image: fixed fields, then the states of its recipients, then its encoded envelope, all in one
// allocation. Private to image.cc and image_view.cc.
#pragma once

#include <cstring>
#include <new>

#include "core/queue/envelope_codec.h"
#include "core/queue/image.h"

namespace sluice::queue {

struct Image::Entry {
  MessageId id;
  WallTime arrival{};
  std::uint64_t segment = 0;
  std::uint64_t body_length = 0;
  std::uint32_t body_offset = 0;
  std::uint32_t uid = 0, pid = 0;
  std::uint32_t envelope_length = 0;
  std::uint32_t recipients : 26;  // a frame holds fewer than 2^23
  std::uint32_t in_file : 1;      // BodyRef::Storage
  std::uint32_t bounced : 1;      // bounces_ knows more
  std::uint32_t warned : 1;
  std::uint32_t held : 1;
  std::uint32_t given_up : 1;
  std::uint32_t has_hold_reason : 1;  // hold_reasons_ knows it
  std::int8_t precedence = 0;
  mail::DeliveryMode mode = mail::DeliveryMode::kBackground;
  mail::Urgency urgency = mail::Urgency::kNormal;

  static Entry* make(const AdmittedView& record) {
    const std::size_t states = record.channels.size() * sizeof(RecipientState);
    void* const memory = ::operator new(sizeof(Entry) + states + record.envelope.size());
    return new (memory) Entry(record);
  }
  static void destroy(Entry* entry) {
    entry->~Entry();
    ::operator delete(entry);
  }

  RecipientState* states() { return reinterpret_cast<RecipientState*>(this + 1); }
  const RecipientState* states() const { return reinterpret_cast<const RecipientState*>(this + 1); }
  Octets envelope() const { return {reinterpret_cast<const char*>(states() + recipients), envelope_length}; }
  BodyRef body() const {
    return {in_file ? BodyRef::Storage::kFile : BodyRef::Storage::kJournal, segment, body_offset, body_length};
  }
  void set_body(const BodyRef& body) {
    in_file = body.storage == BodyRef::Storage::kFile;
    segment = body.segment;
    body_offset = body.offset;
    body_length = body.length;
  }

 private:
  explicit Entry(const AdmittedView& record)
      : id(record.id),
        arrival(record.arrival),
        uid(record.uid),
        pid(record.pid),
        envelope_length(static_cast<std::uint32_t>(record.envelope.size())),
        recipients(static_cast<std::uint32_t>(record.channels.size()) & 0x3FFFFFF),
        bounced(0),
        warned(0),
        held(0),
        given_up(0),
        has_hold_reason(0) {
    set_body(record.body);
    RecipientState* state = states();
    for (const char channel : record.channels) {
      new (state) RecipientState;
      (state++)->channel = static_cast<Channel>(channel);
    }
    if (envelope_length != 0) std::memcpy(state, record.envelope.data(), envelope_length);
    read_hints();
  }

  // They stand in the head of the envelope, before the recipients.
  void read_hints() {
    EnvelopeFields fields(envelope());
    while (fields.next() && fields.letter() != 'T') {
      if (fields.letter() == 'm') mode = hinted_mode(fields.value());
      if (fields.letter() == 'p') precedence = hinted_precedence(fields.value());
      if (fields.letter() == 'u') urgency = hinted_urgency(fields.value());
      if (fields.letter() == 'w') warned = fields.value() == Octets("\1", 1);
    }
  }
};

static_assert(alignof(RecipientState) <= 8 && sizeof(RecipientState) == 16, "an entry is to stay small");

}  // namespace sluice::queue
