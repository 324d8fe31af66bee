// A message whose recipients are routed: what todo-proc hands to qmail-send (link::Admit) and what qmail-send writes
// first into its state log about a message (state record Admitted). One encoding for both, so that the record is the
// frame's payload, unchanged (docs/formats.md, "Admitted").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/codec.h"
#include "core/mail/envelope.h"
#include "core/queue/message.h"

namespace sluice::queue {

enum class Channel : std::uint8_t {
  kLocal = 0,
  kRemote = 1,
  kLmtp = 2,
  kGroup = 3,  // to a queue of another queue group, which delivers: never in a frame or record
};
std::string_view name_of(Channel channel);

struct Admitted {
  struct Routed {
    Channel channel = Channel::kRemote;
    mail::Recipient recipient;  // its address after virtualdomains and envnoathost
  };
  MessageId id;
  Lsn next;
  WallTime arrival{};
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  BodyRef body;
  mail::Envelope envelope;  // its `recipients` are empty here; they are in `routed`
  std::vector<Routed> routed;

  // Appends the encoding. An address that no envelope can hold makes it one that does not decode.
  void encode(std::string& out) const;
  static std::optional<Admitted> decode(Octets payload);
};

// The fields of an encoded Admitted without allocation; views point into it. Checks that it is whole (lengths, ranges)
// but not the values inside the envelope. Id zero is refused: it names nothing.
struct AdmittedView {
  MessageId id;
  Lsn next;
  WallTime arrival{};
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  BodyRef body;
  Octets channels;  // one octet a recipient
  Octets envelope;  // encoded, with the recipients
  static std::optional<AdmittedView> decode(Octets payload);
  void encode(std::string& out) const;
};

// A BodyRef as it stands in frames and records: storage u8, segment u64, offset u32, length u64.
inline constexpr std::size_t kEncodedBodyRef = 21;
void encode_body_ref(Encoder& to, const BodyRef& body);
BodyRef decode_body_ref(Decoder& from);

}  // namespace sluice::queue
