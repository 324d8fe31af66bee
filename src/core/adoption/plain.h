// The way back: what qmail's files say of a message of ours (core/queue/preprocessed.h), and what they cannot say.
// Pure.
#pragma once

#include <cstdint>

#include "core/queue/image.h"
#include "core/queue/preprocessed.h"
#include "core/route/router.h"

namespace sluice::adoption {

// What qmail's files have no room for; bits.
namespace loss {
inline constexpr std::uint32_t kDsn = 1;       // NOTIFY, ORCPT, RET or ENVID
inline constexpr std::uint32_t kSuccess = 2;   // a report of success that is due
inline constexpr std::uint32_t kLmtp = 4;      // recipients of LMTP servers became local ones
inline constexpr std::uint32_t kLineForm = 8;  // CRLF became LF
inline constexpr std::uint32_t kFlow = 16;     // who sends, where that was not the sender's domain
}  // namespace loss

struct Plain {
  queue::Preprocessed message;
  std::uint32_t losses = 0;
  bool crlf = false;  // the body has CRLF line ends
};

// `router` takes the prefixes of virtual domains off the addresses in bounce/.
Plain plain_of(const queue::Image::MessageView& message, const route::Router& router);

// Of an envelope alone, for messages that are not preprocessed.
std::uint32_t losses_of(const mail::Envelope& envelope);

// The text of a failed recipient as qmail has it: without the code in front, which stands at the end.
std::string bounce_text(std::string_view kept);

}  // namespace sluice::adoption
