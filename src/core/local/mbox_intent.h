// The intent that stands beside or on an mbox while a message is appended to it, and the proof that is asked before its
// promise is trusted: docs/formats.md, "Mbox intent". Pure.
//
// It says "whatever follows octet `old_size` of this file is an unfinished message of ours". Between the death of the
// process that wrote it and the next delivery anybody may have changed the file, so it counts only if the file is the
// same one, the octets before `old_size` are the same, and what follows can only be ours: it begins as ours began, and
// no line in it begins with "From ", which every other program writes and we quote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice::local {

struct MboxIntent {
  std::uint64_t device = 0, inode = 0;  // of the mbox
  std::uint64_t old_size = 0;           // octets before the append
  std::uint64_t tail_sum = 0;           // mbox_tail_sum() of the last octets before old_size
  std::string head;                     // the first octets that are appended, at most kIntentHead
  friend bool operator==(const MboxIntent&, const MboxIntent&) = default;
};

inline constexpr std::size_t kIntentHead = 256;
inline constexpr std::size_t kIntentTail = 4096;     // octets that tail_sum covers, or all there are
inline constexpr std::size_t kMaximumIntent = 1024;  // octets of an encoded intent

std::uint64_t mbox_tail_sum(Octets tail);

std::string encode_intent(const MboxIntent& intent);
// nullopt: damaged, of another version, or something else.
std::optional<MboxIntent> decode_intent(Octets encoded);

// Reads what follows old_size, in pieces, and says whether it can only be what `head` began. Zeros, which a disk may
// leave where data never came, are taken for ours.
class TornTail {
 public:
  explicit TornTail(std::string head) : head_(std::move(head)) {}
  void read(Octets piece);
  bool ours() const { return ours_; }  // of what was read so far

 private:
  std::string head_;
  std::size_t position_ = 0;
  std::size_t matched_ = 0;  // octets of "From " since the beginning of this line; above its length: no match
  bool ours_ = true;
};

}  // namespace sluice::local
