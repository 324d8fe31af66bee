// The matcher against a slow one that is plain to see: the first line is searched for in the second.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "core/select/selector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view pattern = input.substr(0, input.find('\n'));
  const std::string_view text = input.substr(std::min(input.size(), pattern.size() + 1));
  const std::array recipients{text};
  const select::Facts facts{.id = text, .sender = text.empty() ? "<>" : text, .recipients = recipients};
  const auto matches = [&](select::Field field, bool negated) {
    const select::Matcher matcher({.tests = {{field, std::string(pattern), negated}}});
    return matcher.matches(facts, wall_from_millis(0));
  };
  const auto contains = [&](std::string_view where) {
    return ascii_lowered(where).find(ascii_lowered(pattern)) != std::string::npos;
  };
  using enum select::Field;
  if (matches(kId, false) != contains(text) || matches(kId, true) == contains(text)) std::abort();
  if (matches(kSender, false) != contains(facts.sender)) std::abort();
  if (matches(kRecipient, false) != contains(text)) std::abort();
  const std::size_t at = text.rfind('@');
  const std::string_view domain = at == text.npos ? std::string_view() : text.substr(at + 1);
  if (matches(kRecipientHost, false) != contains(domain)) std::abort();
  const std::string below = "." + ascii_lowered(pattern);
  const bool is_below = pattern.empty() || ("." + ascii_lowered(domain)).ends_with(below);
  if (matches(kRecipientBelow, false) != is_below) std::abort();
  return 0;
}
