// Message octets: whatever a body holds, its encoding is safe and decodes to the body with CRLF line ends; whatever a
// client sends, decoding does not depend on where the octets are cut. The first octet chooses the cuts and the policy.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/invariant.h"
#include "core/smtp/body_encoder.h"
#include "core/smtp/data_decoder.h"

namespace {

using namespace sluice;
using namespace sluice::smtp;

struct StringSink : OctetSink {
  std::string text;
  void write(Octets octets) override { text.append(octets); }
};

bool has_bare_newline(Octets text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return true;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
  }
  return false;
}

// The body with CRLF line ends, computed in the plainest way.
std::string with_crlf(Octets body) {
  std::string text;
  for (std::size_t i = 0; i < body.size(); ++i) {
    const bool pair = body[i] == '\r' && i + 1 < body.size() && body[i + 1] == '\n';
    if (body[i] == '\r' || body[i] == '\n') {
      text.append("\r\n");
      i += pair ? 1 : 0;
    } else {
      text.push_back(body[i]);
    }
  }
  if (!text.empty() && !text.ends_with('\n')) text.append("\r\n");
  return text;
}

void round_trip(Octets body, std::size_t piece) {
  BodyEncoder encoder;
  std::string wire;
  for (std::size_t i = 0; i < body.size(); i += piece) encoder.encode(body.substr(i, piece), wire);
  encoder.finish(wire);
  invariant(!has_bare_newline(wire), "no bare newline goes out");
  const std::string after_354 = "\r\n" + wire;
  invariant(after_354.find("\r\n.\r\n") == after_354.size() - 5, "there is one end of data");
  DataDecoder decoder(Framing::kDots, BareNewlines::kRefuse, {.text_line = 0});
  StringSink sink;
  invariant(decoder.decode(wire, sink) == wire.size() && decoder.ended(), "the decoder finds the end");
  invariant(decoder.defect() == Defect::kNone && sink.text == with_crlf(body), "the body arrives");
}

struct Decoded {
  std::string text;
  std::size_t used = 0;
  Defect defect = Defect::kNone;
  bool ended = false;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

Decoded decode(Octets wire, std::size_t piece, Framing framing, BareNewlines policy) {
  DataDecoder decoder(framing, policy, {.octets = 200, .text_line = 40});
  StringSink sink;
  Decoded decoded;
  while (decoded.used < wire.size() && !decoder.ended()) {
    decoded.used += decoder.decode(wire.substr(decoded.used, piece), sink);
  }
  if (framing == Framing::kCounted) decoder.finish(sink);
  decoded.defect = decoder.defect();
  decoded.ended = decoder.ended();
  invariant(sink.text.size() <= 200, "what is too large is not written");
  if (decoded.defect != Defect::kNone) return decoded;
  if (decoded.ended) invariant(!has_bare_newline(sink.text), "no bare newline gets in");
  decoded.text = sink.text;
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Octets input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] % 32 + 1;
  const auto policy = data[0] & 0x40 ? BareNewlines::kNormalize : BareNewlines::kRefuse;
  const auto framing = data[0] & 0x80 ? Framing::kCounted : Framing::kDots;
  round_trip(input, piece);
  const Decoded whole = decode(input, std::max<std::size_t>(input.size(), 1), framing, policy);
  invariant(decode(input, piece, framing, policy) == whole, "cuts do not matter");
  return 0;
}
