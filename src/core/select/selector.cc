#include "core/select/selector.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace sluice::select {

namespace {

constexpr std::string_view kNullSender = "<>";

constexpr std::array<unsigned char, 256> lower_octets() {
  std::array<unsigned char, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<unsigned char>(ascii_lower(static_cast<char>(i)));
  return table;
}
constexpr std::array<unsigned char, 256> kLower = lower_octets();

unsigned char lower(char c) { return kLower[static_cast<unsigned char>(c)]; }

bool begins_with(const char* text, std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (lower(text[i]) != static_cast<unsigned char>(pattern[i])) return false;
  return true;
}

// `pattern` is in lower case. What is searched is tens of octets long, so that nothing is prepared for it.
bool contains(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return true;
  if (text.size() < pattern.size()) return false;
  const auto first = static_cast<unsigned char>(pattern.front());
  const std::string_view rest = pattern.substr(1);
  const char* const last = text.data() + (text.size() - pattern.size());
  for (const char* at = text.data(); at <= last; ++at)
    if (lower(*at) == first && begins_with(at + 1, rest)) return true;
  return false;
}

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == address.npos ? std::string_view() : address.substr(at + 1);
}

bool is_or_is_below(std::string_view domain, std::string_view parent) {
  if (domain.size() < parent.size()) return false;
  const std::size_t before = domain.size() - parent.size();
  return begins_with(domain.data() + before, parent) && (before == 0 || domain[before - 1] == '.');
}

bool is_about_recipients(Field field) {
  return field == Field::kRecipient || field == Field::kRecipientHost || field == Field::kRecipientBelow;
}

// Whether one recipient contains what the test asks for, negated or not.
bool shows(const Test& test, std::string_view address) {
  if (test.text.empty()) return true;
  if (test.field == Field::kRecipientHost) return contains(domain_of(address), test.text);
  if (test.field == Field::kRecipientBelow) return is_or_is_below(domain_of(address), test.text);
  return contains(address, test.text);
}

bool shows(const Test& test, const Facts& facts) {
  switch (test.field) {
    case Field::kId:
      return contains(facts.id, test.text);
    case Field::kSender:
      return contains(facts.sender.empty() ? kNullSender : facts.sender, test.text);
    case Field::kReason:
      return contains(facts.reason, test.text);
    case Field::kRecipient:
    case Field::kRecipientHost:
    case Field::kRecipientBelow:
      return test.text.empty() || std::any_of(facts.recipients.begin(), facts.recipients.end(),
                                              [&](std::string_view address) { return shows(test, address); });
  }
  return false;
}

bool is_in(View view, const Facts& facts) {
  switch (view) {
    case View::kNormal:
      return !facts.held && !facts.lost;
    case View::kHeld:
      return facts.held && !facts.lost;
    case View::kLost:
      return facts.lost;
    case View::kAny:
      return !facts.lost;
  }
  return false;
}

}  // namespace

std::string_view name_of(Field field) {
  switch (field) {
    case Field::kId:
      return "id";
    case Field::kRecipient:
      return "recipient";
    case Field::kRecipientHost:
      return "recipient-host";
    case Field::kRecipientBelow:
      return "recipient-below";
    case Field::kSender:
      return "sender";
    case Field::kReason:
      return "reason";
  }
  return "";
}

std::string_view name_of(View view) {
  switch (view) {
    case View::kNormal:
      return "normal";
    case View::kHeld:
      return "held";
    case View::kLost:
      return "lost";
    case View::kAny:
      return "any";
  }
  return "";
}

Matcher::Matcher(Selector selector) : selector_(std::move(selector)) {
  for (Test& test : selector_.tests) test.text = ascii_lowered(test.text);
  // Cheap ones first; recipients are what there may be many of.
  std::stable_partition(selector_.tests.begin(), selector_.tests.end(),
                        [](const Test& test) { return !is_about_recipients(test.field); });
}

bool Matcher::matches(const Facts& facts, WallTime now) const {
  if (!is_in(selector_.view, facts)) return false;
  const Duration age = now - facts.arrival;
  if (selector_.older_than && age < *selector_.older_than) return false;
  if (selector_.younger_than && age >= *selector_.younger_than) return false;
  return std::all_of(selector_.tests.begin(), selector_.tests.end(),
                     [&](const Test& test) { return shows(test, facts) != test.negated; });
}

bool Matcher::matches_recipient(std::string_view address) const {
  return std::all_of(selector_.tests.begin(), selector_.tests.end(), [&](const Test& test) {
    return !is_about_recipients(test.field) || shows(test, address) != test.negated;
  });
}

bool Matcher::needs_recipients() const {
  return std::any_of(selector_.tests.begin(), selector_.tests.end(),
                     [](const Test& test) { return is_about_recipients(test.field); });
}

}  // namespace sluice::select
