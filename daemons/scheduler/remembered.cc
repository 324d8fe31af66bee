#include "remembered.h"

#include <fmt/format.h>

#include <charconv>

namespace sluice::scheduler {

std::string remember(const mail::Outcome& outcome) {
  const mail::EnhancedCode& code = outcome.code;
  if (code == mail::EnhancedCode{}) return outcome.text;
  return fmt::format("{}.{}.{} {}", code.status_class, code.subject, code.detail, outcome.text)
      .substr(0, mail::kMaximumText);
}

namespace {

// Takes a number and the octet `end` after it off the front of `text`.
template <class Number>
bool take(std::string_view& text, Number& number, char end) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop == text.data() + text.size() || *stop != end) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + 1);
  return true;
}

}  // namespace

Remembered recall(std::string_view kept) {
  Remembered remembered;
  std::string_view rest = kept;
  auto& code = remembered.code;
  const bool coded =
      take(rest, code.status_class, '.') && take(rest, code.subject, '.') && take(rest, code.detail, ' ');
  if (!coded) return {{}, kept};
  remembered.text = rest;
  return remembered;
}

}  // namespace sluice::scheduler
