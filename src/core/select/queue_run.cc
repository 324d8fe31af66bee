#include "core/select/queue_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace sluice::select {

namespace {

using nlohmann::json;

constexpr std::array kTriggers{Trigger::kTimer, Trigger::kCommand, Trigger::kEtrn, Trigger::kPersistent};
constexpr std::array kFields{Field::kId,     Field::kRecipient, Field::kRecipientHost, Field::kRecipientBelow,
                             Field::kSender, Field::kReason};
constexpr std::array kViews{View::kNormal, View::kHeld, View::kLost, View::kAny};
constexpr std::array kOrders{SortOrder::kPriority,     SortOrder::kHost,   SortOrder::kTime, SortOrder::kFilename,
                             SortOrder::kModification, SortOrder::kRandom, SortOrder::kNone, SortOrder::kShuffle};

// A hundred years: times of this size can be added to any date.
constexpr std::uint64_t kLongest = std::uint64_t{100} * 365 * 86400;
constexpr std::uint64_t kLongestWait = std::uint64_t{7} * 86400;  // that of the settings

using Read = Result<void, std::string>;

// The members of one object, each read when it is there and of the right kind.
class Members {
 public:
  Members(const json& object, std::string_view name) : object_(object), name_(name) {}

  Read object() const {
    if (object_.is_object()) return {};
    return fail(fmt::format("{} is not an object", name_));
  }

  Read text(const char* key, std::size_t most, std::string& into) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrong(key, "a text");
    const auto& found = value->get_ref<const std::string&>();
    if (found.size() > most) return wrong(key, fmt::format("a text of at most {} octets", most));
    into = found;
    return {};
  }

  Read flag(const char* key, bool& into) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_boolean()) return wrong(key, "true or false");
    into = value->get<bool>();
    return {};
  }

  template <class Number>
  Read number(const char* key, std::uint64_t most, Number& into) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most)
      return wrong(key, fmt::format("a whole number of at most {}", most));
    into = static_cast<Number>(value->get<std::uint64_t>());
    return {};
  }

  Read seconds(const char* key, std::optional<Duration>& into) const {
    if (find(key) == nullptr) return {};
    std::uint64_t value = 0;
    if (auto read = number(key, kLongest, value); !read) return read;
    into = Seconds(value);
    return {};
  }

  template <class Names>
  Read name(const char* key, const Names& names, typename Names::value_type& into) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string())
      for (const auto candidate : names)
        if (name_of(candidate) == value->get_ref<const std::string&>()) return into = candidate, Read();
    std::string known;
    for (const auto candidate : names) known += fmt::format("{}{}", known.empty() ? "" : ", ", name_of(candidate));
    return wrong(key, fmt::format("one of {}", known));
  }

  const json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }

  Read wrong(const char* key, std::string_view expected) const {
    return fail(fmt::format("{}.{}: {} is expected", name_, key, expected));
  }

 private:
  const json& object_;
  std::string_view name_;
};

// The first error of several, in order.
template <class... Reads>
Read all_of(Reads... reads) {
  Read result;
  ((result = result ? reads() : result), ...);
  return result;
}

Result<Test, std::string> test_of(const json& from) {
  const Members members(from, "test");
  Test test;
  const Read read = all_of([&] { return members.object(); },  //
                           [&] { return members.name("field", kFields, test.field); },
                           [&] { return members.text("text", kMaximumText, test.text); },
                           [&] { return members.flag("negated", test.negated); });
  if (!read) return fail(read.error());
  if (members.find("field") == nullptr) return fail(std::string("test.field is missing"));
  return test;
}

Read read_tests(const Members& members, std::vector<Test>& tests) {
  const json* list = members.find("tests");
  if (list == nullptr) return {};
  if (!list->is_array() || list->size() > kMaximumTests)
    return members.wrong("tests", fmt::format("a list of at most {} tests", kMaximumTests));
  for (const json& entry : *list) {
    auto test = test_of(entry);
    if (!test) return fail(test.error());
    tests.push_back(std::move(*test));
  }
  return {};
}

void put_seconds(json& object, const char* key, const std::optional<Duration>& value) {
  if (value)  // unsigned, as it is read again
    object[key] = static_cast<std::uint64_t>(std::chrono::duration_cast<Seconds>(std::max(*value, Duration{})).count());
}

std::optional<Duration> said(Seconds time) {
  return time == Seconds::zero() ? std::nullopt : std::optional<Duration>(time);
}

// As {"mail":7200}: those that are said.
json to_json(const mail::ClientTimeouts& timeouts) {
  json object = json::object();
  for (std::size_t i = 0; i < mail::kClientWaits.size(); ++i)
    put_seconds(object, std::string(mail::kClientWaits[i]).c_str(), said(timeouts[static_cast<mail::ClientWait>(i)]));
  return object;
}

Read read_timeouts(const Members& members, mail::ClientTimeouts& timeouts) {
  const json* object = members.find("timeouts");
  if (object == nullptr) return {};
  const Members times(*object, "run.timeouts");
  if (const Read read = times.object(); !read) return read;
  for (std::size_t i = 0; i < mail::kClientWaits.size(); ++i) {
    std::uint32_t value = 0;
    const Read read = times.number(std::string(mail::kClientWaits[i]).c_str(), kLongestWait, value);
    if (!read) return read;
    timeouts[static_cast<mail::ClientWait>(i)] = Seconds(value);
  }
  return {};
}

}  // namespace

std::string_view name_of(Trigger trigger) {
  switch (trigger) {
    case Trigger::kTimer:
      return "timer";
    case Trigger::kCommand:
      return "command";
    case Trigger::kEtrn:
      return "etrn";
    case Trigger::kPersistent:
      return "persistent";
  }
  return "";
}

std::string_view name_of(SortOrder order) {
  switch (order) {
    case SortOrder::kPriority:
      return "priority";
    case SortOrder::kHost:
      return "host";
    case SortOrder::kTime:
      return "time";
    case SortOrder::kFilename:
      return "filename";
    case SortOrder::kModification:
      return "modification";
    case SortOrder::kRandom:
      return "random";
    case SortOrder::kNone:
      return "none";
    case SortOrder::kShuffle:
      return "shuffle";
  }
  return "";
}

std::optional<SortOrder> parse_sort_order(std::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const SortOrder order : kOrders)
    if (name_of(order).front() == ascii_lower(text.front())) return order;
  return std::nullopt;
}

json to_json(const Selector& selector) {
  json tests = json::array();
  for (const Test& test : selector.tests)
    tests.push_back({{"field", name_of(test.field)}, {"text", test.text}, {"negated", test.negated}});
  json object{{"tests", std::move(tests)}, {"view", name_of(selector.view)}};
  put_seconds(object, "older_than", selector.older_than);
  put_seconds(object, "younger_than", selector.younger_than);
  return object;
}

json to_json(const QueueRun& run) {
  json object{{"what", "run"},
              {"run", run.id},
              {"trigger", name_of(run.trigger)},
              {"by", run.by},
              {"selector", to_json(run.selector)},
              {"order", name_of(run.order)},
              {"most", run.most},
              {"width", run.width},
              {"one_by_one", run.one_by_one},
              {"watch", run.watch},
              {"wait", run.wait},
              {"matching_only", run.matching_only},
              {"bounce", run.bounce},
              {"before", run.before},
              {"of_all", run.of_all},
              {"count_only", run.count_only}};
  put_seconds(object, "min_age", run.min_age);
  put_seconds(object, "max_age", run.max_age);
  if (run.timeouts.says_anything()) object["timeouts"] = to_json(run.timeouts);
  return object;
}

Result<Selector, std::string> selector_of(const json& from) {
  const Members members(from, "selector");
  Selector selector;
  const Read read = all_of([&] { return members.object(); },  //
                           [&] { return read_tests(members, selector.tests); },
                           [&] { return members.name("view", kViews, selector.view); },
                           [&] { return members.seconds("older_than", selector.older_than); },
                           [&] { return members.seconds("younger_than", selector.younger_than); });
  if (!read) return fail(read.error());
  return selector;
}

Result<QueueRun, std::string> queue_run_of(const json& from) {
  const Members members(from, "run");
  QueueRun run;
  const Read read = all_of(
      [&] { return members.object(); },  //
      [&] { return members.text("run", kMaximumRunId, run.id); },
      [&] { return members.name("trigger", kTriggers, run.trigger); },
      [&] { return members.text("by", kMaximumText, run.by); },
      [&] { return members.name("order", kOrders, run.order); },
      [&] { return members.number("most", std::numeric_limits<std::uint64_t>::max(), run.most); },
      [&] { return members.number("width", std::numeric_limits<std::uint32_t>::max(), run.width); },
      [&] { return members.flag("one_by_one", run.one_by_one); }, [&] { return members.flag("watch", run.watch); },
      [&] { return members.flag("wait", run.wait); }, [&] { return members.flag("matching_only", run.matching_only); },
      [&] { return members.flag("bounce", run.bounce); },
      [&] { return members.number("before", std::numeric_limits<std::uint64_t>::max(), run.before); },
      [&] { return members.number("of_all", std::numeric_limits<std::uint64_t>::max(), run.of_all); },
      [&] { return members.flag("count_only", run.count_only); },
      [&] { return members.seconds("min_age", run.min_age); }, [&] { return members.seconds("max_age", run.max_age); },
      [&] { return read_timeouts(members, run.timeouts); });
  if (!read) return fail(read.error());
  if (const json* selector = members.find("selector")) {
    auto selected = selector_of(*selector);
    if (!selected) return fail(selected.error());
    run.selector = std::move(*selected);
  }
  return run;
}

}  // namespace sluice::select
