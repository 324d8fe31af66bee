#include "system/submission/message.h"

#include <cstring>

#include "core/link/messages.h"

namespace sluice::submission {

namespace {

constexpr std::size_t kPiece = 64 << 10;

std::string unreadable(int code) { return std::string("cannot read the message: ") + std::strerror(code); }

}  // namespace

Result<Message, std::string> Message::begin(Source& source) {
  Message message(source);
  std::string& octets = message.beginning_;
  while (octets.size() <= link::kLargeBody && !message.whole_) {
    const std::size_t size = octets.size();
    octets.resize(size + kPiece);
    const auto count = source.read(octets.data() + size, kPiece);
    if (!count) return fail(unreadable(count.error()));
    octets.resize(size + *count);
    message.whole_ = *count == 0;
  }
  return message;
}

Result<std::size_t, std::string> Message::read_rest(char* to, std::size_t length) {
  if (whole_) return 0;
  rest_used_ = true;
  const auto count = source_->read(to, length);
  if (!count) return fail(unreadable(count.error()));
  return *count;
}

bool Message::ready() {
  if (!rest_used_) return true;
  if (!source_->rewind()) return false;
  auto again = begin(*source_);
  if (!again) return false;
  *this = std::move(*again);
  return true;
}

}  // namespace sluice::submission
