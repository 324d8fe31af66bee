// One declaration of a queue group.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/bytes.h"
#include "base/quantity.h"
#include "core/route/queue_groups.h"

namespace sluice::route {

namespace {

constexpr std::size_t kLongestDeclaration = 8192;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kMostPaths = 100;
constexpr int kKindest = 19, kLeastKind = -20;  // nice(2)

using Read = Result<void, std::string>;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// The text before the next comma, without the blanks around it; it and the comma are removed.
std::string_view take_part(std::string_view& text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  const std::string_view part = trimmed(text.substr(0, comma));
  text.remove_prefix(std::min(text.size(), comma + 1));
  return part;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// queue12 is the directory of a queue.
bool is_queue_directory(std::string_view name) {
  constexpr std::string_view kQueue = "queue";
  return name.size() > kQueue.size() && ascii_equal_ignore_case(name.substr(0, kQueue.size()), kQueue) &&
         name.find_first_not_of("0123456789", kQueue.size()) == name.npos;
}

Read check_name(std::string_view name) {
  if (name.empty()) return fail(std::string("name required for queue"));
  if (name.size() > kLongestName || !std::all_of(name.begin(), name.end(), is_name_character))
    return fail(fmt::format("queue {}: a name has at most {} letters, digits, '-' and '_'",
                            name.substr(0, kLongestName), kLongestName));
  if (is_queue_directory(name)) return fail(fmt::format("queue {}: that is the name of a queue, not of a group", name));
  return {};
}

// What one field may say.
class Field {
 public:
  Field(const QueueGroup& group, char letter, std::string_view value) : group_(group), letter_(letter), value_(value) {}

  template <class Number>
  Read number(std::uint64_t least, std::uint64_t most, Number& into) const {
    const auto value = parse_integer(value_);
    if (!value || *value < least || *value > most)
      return wrong(fmt::format("a number from {} to {} is expected", least, most));
    into = static_cast<Number>(*value);
    return {};
  }

  Read nice(std::optional<int>& into) const {
    const bool negative = value_.starts_with('-');
    const auto value = parse_integer(negative ? value_.substr(1) : value_);
    if (!value || *value > 20 || (!negative && *value > static_cast<std::uint64_t>(kKindest)))
      return wrong(fmt::format("a nice value from {} to {} is expected", kLeastKind, kKindest));
    into = negative ? -static_cast<int>(*value) : static_cast<int>(*value);
    return {};
  }

  Read interval(std::optional<std::chrono::seconds>& into) const {
    const auto value = parse_duration(value_, TimeUnit::kMinutes);
    if (!value) return wrong(fmt::format("a time is expected: {}", value.error().message));
    if (*value > std::chrono::weeks(520)) return wrong("a time of at most 10 years is expected");
    into = *value;
    return {};
  }

  Read flags(bool& several) const {
    if (value_.find_first_not_of('f') != value_.npos) return wrong("the only flag is f");
    several = several || !value_.empty();
    return {};
  }

  Read order(std::optional<select::SortOrder>& into) const {
    into = select::parse_sort_order(value_);
    if (!into) return fail(fmt::format("Q{}: Invalid queue sort order \"{}\"", group_.name, value_));
    return {};
  }

  Read retry(std::optional<bool>& into) const {
    if (value_ != "run" && value_ != "backoff") return wrong("run or backoff is expected");
    into = value_ == "run";
    return {};
  }

  Read path(std::vector<std::string>& into) const {
    if (value_.empty()) return wrong("a directory is expected");
    if (into.size() >= kMostPaths) return wrong(fmt::format("at most {} directories are expected", kMostPaths));
    if (value_.find('\0') != value_.npos || fmt::format("/{}/", value_).find("/../") != std::string::npos)
      return wrong("a directory without .. is expected");
    if (value_.find('*') < value_.size() - 1) return wrong("a * may stand at the end only");
    into.emplace_back(value_);
    return {};
  }

  Read range(QueueGroup& group) const {
    const std::size_t dash = std::min(value_.find('-'), value_.size());
    std::uint32_t least = 0, most = 0;
    const Field first(group_, letter_, value_.substr(0, dash));
    const Field second(group_, letter_, dash == value_.size() ? value_ : value_.substr(dash + 1));
    if (!first.number(1, kLastQueue, least) || !second.number(1, kLastQueue, most) || least > most)
      return wrong(fmt::format("a number of queues from 1 to {}, or two of them as 1-4, is expected", kLastQueue));
    group.queue_min = least;
    group.queue_max = most;
    return {};
  }

 private:
  Read wrong(std::string_view why) const {
    return fail(fmt::format("Q{}: {}={}: {}", group_.name, letter_, value_, why));
  }

  const QueueGroup& group_;
  char letter_;
  std::string_view value_;
};

Read take_field(char letter, std::string_view value, QueueGroup& group) {
  const Field field(group, letter, value);
  switch (letter) {
    case 'P':
      return field.path(group.paths);
    case 'F':
      return field.flags(group.several_runners);
    case 'N':
      return field.nice(group.nice);
    case 'I':
      return field.interval(group.interval);
    case 'R':
      return field.number(0, 1000000, group.runners.emplace());
    case 'J':
      return field.number(0, 1'000'000'000, group.jobs);
    case 'r':
      return field.number(0, 1000000, group.recipients);
    case 'S':
      return field.order(group.order);
    case 'm':
      return field.retry(group.retry_by_runs);
    case 'q':
      return field.range(group);
    case 's':
      return field.number(1, kLastQueue, group.first_queue);
    default:
      return fail(fmt::format("Q{}: unknown queue equate {}=", group.name, letter));
  }
}

}  // namespace

Result<QueueGroup, std::string> parse_group(std::string_view declaration) {
  if (declaration.size() > kLongestDeclaration)
    return fail(fmt::format("a declaration has at most {} octets", kLongestDeclaration));
  QueueGroup group;
  const std::string_view name = take_part(declaration);
  if (auto named = check_name(name); !named) return fail(named.error());
  group.name = is_default_group(name) ? kDefaultGroup : name;
  while (!declaration.empty()) {
    const std::string_view part = take_part(declaration);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == part.npos) return fail(fmt::format("queue {}: `=' expected", group.name));
    if (equals == 0) return fail(fmt::format("queue {}: {}: the name of a field is missing", group.name, part));
    if (auto taken = take_field(part.front(), trimmed(part.substr(equals + 1)), group); !taken)
      return fail(taken.error());
  }
  return group;
}

}  // namespace sluice::route
