// The one way in which numbers and octet strings are laid out on our links and on disk: little-endian integers of fixed
// width; an octet string is a u32 length followed by its octets. Formats built of these: docs/formats.md.
//
// Decoder is for hostile input: a read past the end, or a string longer than what is left, makes it fail; from then on
// every read gives zero or an empty view, so a decoder function reads all fields and asks once, at the end, whether all
// was well. It never allocates, never throws.
#pragma once

#include <optional>

#include "base/bytes.h"

namespace sluice {

class Encoder {
 public:
  // Appends to `out`, which must outlive the encoder.
  explicit Encoder(std::string& out) : out_(out) {}

  Encoder& u8(std::uint8_t v) { return append(v); }
  Encoder& u16(std::uint16_t v) { return append(v); }
  Encoder& u32(std::uint32_t v) { return append(v); }
  Encoder& u64(std::uint64_t v) { return append(v); }
  Encoder& i64(std::int64_t v) { return append(v); }
  Encoder& octets(Octets v) {
    append(static_cast<std::uint32_t>(v.size()));
    out_.append(v);
    return *this;
  }
  Encoder& raw(Octets v) {
    out_.append(v);
    return *this;
  }

 private:
  template <class T>
  Encoder& append(T v) {
    append_le(out_, v);
    return *this;
  }
  std::string& out_;
};

class Decoder {
 public:
  explicit Decoder(Octets input) : rest_(input) {}

  std::uint8_t u8() { return take<std::uint8_t>(); }
  std::uint16_t u16() { return take<std::uint16_t>(); }
  std::uint32_t u32() { return take<std::uint32_t>(); }
  std::uint64_t u64() { return take<std::uint64_t>(); }
  std::int64_t i64() { return take<std::int64_t>(); }
  // Views into the input.
  Octets octets() { return raw(u32()); }
  Octets raw(std::size_t length) {
    if (failed_ || length > rest_.size()) return fail(), Octets{};
    const Octets taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }
  Octets rest() const { return rest_; }
  // An enum stored as u8 whose greatest value is `last`; anything above fails.
  template <class E>
  E enumeration(E last) {
    const std::uint8_t v = u8();
    if (v > static_cast<std::uint8_t>(last)) fail();
    return failed_ ? E{} : static_cast<E>(v);
  }
  // A bool stored as u8, 0 or 1.
  bool flag() {
    const std::uint8_t v = u8();
    if (v > 1) fail();
    return v == 1;
  }
  void fail() { failed_ = true, rest_ = {}; }
  bool ok() const { return !failed_; }
  bool done() const { return !failed_ && rest_.empty(); }  // all read, nothing left over

 private:
  template <class T>
  T take() {
    if (failed_ || rest_.size() < sizeof(T)) return fail(), T{};
    const T v = load_le<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return v;
  }
  Octets rest_;
  bool failed_ = false;
};

// The message that was decoded, unless its octets were malformed, too few or too many.
template <class Message>
std::optional<Message> whole(const Decoder& from, Message message) {
  if (!from.done()) return std::nullopt;
  return message;
}

}  // namespace sluice
