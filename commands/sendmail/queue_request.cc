#include "queue_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "core/select/queue_run.h"

namespace sluice::sendmail {

namespace {

constexpr std::int64_t kMinute = 60;
// A thousand years: more than anybody waits, and far from where clocks that are added to it end.
constexpr std::int64_t kLongest = std::int64_t{1000} * 365 * 86400;

Failure<Misuse> misuse(std::string text) { return fail(Misuse{.text = std::move(text), .word_for_word = true}); }

std::optional<std::int64_t> seconds_of(char unit) {
  switch (unit) {
    case 'w':
      return std::int64_t{7} * 86400;
    case 'd':
      return 86400;
    case 'h':
      return 3600;
    case 'm':
      return kMinute;
    case 's':
      return 1;
    default:
      return std::nullopt;
  }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The digits at the beginning of `text`, which are removed.
std::int64_t take_digits(std::string_view& text) {
  std::int64_t value = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1))
    value = std::min(kLongest, value * 10 + (text.front() - '0'));
  return value;
}

// As much as qmail-send takes (core/select/queue_run.h).
Result<void, Misuse> select(select::Field field, std::string_view text, bool negated, QueueRequest& request) {
  if (text.size() > select::kMaximumText)
    return fail(
        Misuse{fmt::format("-q: a text of {} octets; at most {} are allowed", text.size(), select::kMaximumText)});
  if (request.selector.tests.size() == select::kMaximumTests)
    return fail(Misuse{fmt::format("-q: more than {} texts", select::kMaximumTests)});
  request.selector.tests.push_back({.field = field, .text = std::string(text), .negated = negated});
  return {};
}

Result<void, Misuse> take_group(std::string_view name, bool negated, QueueRequest& request) {
  if (negated) return misuse("Cannot use -q!G");
  if (!request.group.empty()) return misuse("Cannot use multiple -qG options");
  if (name.empty()) return misuse("Queue group  unknown");
  request.group = name;
  return {};
}

Result<void, Misuse> take_time(std::string_view value, QueueRequest& request) {
  const auto interval = parse_interval(value);
  if (!interval) return fail(interval.error());
  request.interval = *interval;
  return {};
}

}  // namespace

Result<std::chrono::seconds, Misuse> parse_interval(std::string_view text) {
  if (ascii_equal_ignore_case(text, "now")) return misuse("Invalid -q value");
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::int64_t total = 0;
  std::string wrong;
  while (!text.empty()) {
    const std::int64_t count = take_digits(text);
    std::int64_t unit = kMinute;
    if (!text.empty()) {
      const auto known = seconds_of(text.front());
      if (!known) wrong += fmt::format("{}Invalid time unit `{}'", wrong.empty() ? "" : "\n", text.front());
      unit = known.value_or(kMinute);
      text.remove_prefix(1);
    }
    total = std::min(kLongest, total + (count > kLongest / unit ? kLongest : count * unit));
  }
  if (!wrong.empty()) return misuse(std::move(wrong));
  if (negative && total > 0) return misuse("Invalid -q value");
  return std::chrono::seconds(total);
}

Result<void, Misuse> take_queue(std::string_view value, QueueRequest& request) {
  request.given = true;
  const bool negated = value.starts_with('!');
  if (negated) value.remove_prefix(1);
  const std::string_view rest = value.empty() ? value : value.substr(1);
  switch (value.empty() ? '0' : value.front()) {
    case 'I':
      return select(select::Field::kId, rest, negated, request);
    case 'R':
      return select(select::Field::kRecipient, rest, negated, request);
    case 'S':
      return select(select::Field::kSender, rest, negated, request);
    case 'Q':
      request.selector.view = select::View::kHeld;
      return rest.empty() ? Result<void, Misuse>() : select(select::Field::kReason, rest, negated, request);
    case 'L':
      request.selector.view = select::View::kLost;
      return {};
    case 'G':
      return take_group(rest, negated, request);
    case 'f':
      request.foreground = true;
      return {};
    case 'p':
      request.persistent = true;
      return take_time(rest, request);
    default:
      return take_time(value, request);
  }
}

}  // namespace sluice::sendmail
