#include "core/local/mbox_intent.h"

#include <xxhash.h>

#include "base/codec.h"

namespace sluice::local {

namespace {

constexpr Octets kMagic = "SMI1";
constexpr Octets kFrom = "From ";

std::uint64_t sum(Octets octets) { return XXH3_64bits(octets.data(), octets.size()); }

}  // namespace

std::uint64_t mbox_tail_sum(Octets tail) { return sum(tail); }

std::string encode_intent(const MboxIntent& intent) {
  std::string out;
  Encoder encoder(out);
  encoder.raw(kMagic).u64(intent.device).u64(intent.inode).u64(intent.old_size).u64(intent.tail_sum);
  encoder.octets(Octets(intent.head).substr(0, kIntentHead));
  encoder.u64(sum(out));
  return out;
}

std::optional<MboxIntent> decode_intent(Octets encoded) {
  if (encoded.size() > kMaximumIntent || encoded.size() < sizeof(std::uint64_t)) return std::nullopt;
  const Octets body = encoded.substr(0, encoded.size() - sizeof(std::uint64_t));
  if (load_le<std::uint64_t>(encoded.data() + body.size()) != sum(body)) return std::nullopt;
  Decoder decoder(body);
  if (decoder.raw(kMagic.size()) != kMagic) return std::nullopt;
  MboxIntent intent;
  intent.device = decoder.u64();
  intent.inode = decoder.u64();
  intent.old_size = decoder.u64();
  intent.tail_sum = decoder.u64();
  intent.head = decoder.octets();
  if (!decoder.done() || intent.head.empty() || intent.head.size() > kIntentHead) return std::nullopt;
  return intent;
}

void TornTail::read(Octets piece) {
  for (const char c : piece) {
    const bool in_head = position_ < head_.size();
    if (in_head && c != head_[position_] && c != '\0') ours_ = false;
    ++position_;
    // Within the head stands our own From_ line.
    if (c == '\n')
      matched_ = 0;
    else if (matched_ < kFrom.size())
      matched_ = c == kFrom[matched_] ? matched_ + 1 : kFrom.size() + 1;
    if (matched_ == kFrom.size() && !in_head) ours_ = false;
    if (matched_ == kFrom.size()) matched_ = kFrom.size() + 1;
  }
}

}  // namespace sluice::local
