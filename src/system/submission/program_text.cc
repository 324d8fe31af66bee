#include "system/submission/program_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::submission {

namespace {
constexpr std::size_t kPiece = 64u << 10;
}

Result<bool, int> ProgramText::read_more() {
  if (over_) return false;
  std::array<char, kPiece> piece;
  ssize_t count;
  do {
    count = ::read(from_, piece.data(), piece.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return fail(errno);
  if (count > 0) {
    input_.append(text_, Octets(piece.data(), static_cast<std::size_t>(count)));
    over_ = input_.ended();
    return true;
  }
  input_.finish(text_);
  over_ = true;
  return true;
}

bool ProgramText::read_header() {
  for (;;) {
    if (const auto head = find_head(text_, over_)) {
      head_ = *head;
      return true;
    }
    if (text_.size() > kLongestHeader) {
      header_too_long_ = true;
      error_ = fmt::format("the header of the message has more than {} octets", kLongestHeader);
      return false;
    }
    if (const auto more = read_more(); !more) {
      error_ = fmt::format("cannot read the message: {}", std::strerror(more.error()));
      return false;
    }
  }
}

Octets ProgramText::fields() const { return Octets(text_).substr(head_.begin, head_.end - head_.begin); }

void ProgramText::replace_header(std::string header) {
  text_ = std::move(header.append(text_, head_.body));
  head_ = {};
}

void ProgramText::precede(std::string header) {
  head_.body = 0;
  replace_header(std::move(header));
}

Result<std::size_t, int> ProgramText::read(char* to, std::size_t length) {
  while (given_ == text_.size()) {
    text_.clear();
    given_ = 0;
    const auto more = read_more();
    if (!more) return fail(more.error());
    if (!*more) return std::size_t{0};
  }
  const std::size_t count = std::min(length, text_.size() - given_);
  std::memcpy(to, text_.data() + given_, count);
  given_ += count;
  return count;
}

}  // namespace sluice::submission
