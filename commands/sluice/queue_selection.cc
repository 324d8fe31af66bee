#include "queue_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "base/bytes.h"
#include "base/quantity.h"
#include "core/route/queue_groups.h"
#include "core/select/queue_run.h"

namespace sluice::commands {

namespace {

// A bare number is no age: sendmail would take minutes, settings seconds, and a wrong guess deletes mail.
Result<Duration, std::string> age_of(const std::string& text) {
  const auto age = parse_duration(text, TimeUnit::kMinutes);
  if (!age) return fail(fmt::format("\"{}\" is no age: {}", text, age.error().message));
  if (std::isdigit(static_cast<unsigned char>(text.back())) != 0)
    return fail(fmt::format("\"{}\" is no age without its unit: w, d, h, m or s, as in 5d12h", text));
  return Duration(*age);
}

// Of several ages the one that implies the others.
template <class Stricter>
Result<std::optional<Duration>, std::string> strictest(const std::vector<std::string>& texts, Stricter stricter) {
  std::optional<Duration> found;
  for (const std::string& text : texts) {
    const auto age = age_of(text);
    if (!age) return fail(age.error());
    found = found ? stricter(*found, *age) : *age;
  }
  return found;
}

std::string canonical(std::string_view group) {
  const std::string name = ascii_lowered(group);
  return name == "default" ? std::string(route::kDefaultGroup) : name;
}

bool is_among(std::string_view group, std::span<const std::string> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return canonical(name) == canonical(group); });
}

Result<void, std::string> check(const std::vector<select::Test>& tests) {
  if (tests.size() > select::kMaximumTests)
    return fail(fmt::format("at most {} texts may be given", select::kMaximumTests));
  for (const select::Test& test : tests) {
    // A variable of a script that is empty by mistake must not select everything.
    if (test.text.empty())
      return fail(fmt::format("the empty text for {} would match everything", name_of(test.field)));
    if (test.text.size() > select::kMaximumText)
      return fail(fmt::format("the text for {} has {} octets; at most {} are allowed", name_of(test.field),
                              test.text.size(), select::kMaximumText));
  }
  return {};
}

}  // namespace

SelectionOptions::SelectionOptions(CLI::App& command, select::View view, bool without_reason) : view_(view) {
  add_text(command, id_, "id", "whose id, as it is listed, contains the text");
  add_text(command, recipient_, "recipient", "one of whose undelivered recipients contains the text");
  add_text(command, sender_, "sender", "whose sender contains the text");
  if (!without_reason) add_text(command, reason_, "reason", "that are held for a reason that contains the text");
  command.add_option("--group", groups_, "Messages of a queue group")->type_name("NAME")->allow_extra_args(false);
  command.add_option("--not-group", other_groups_, "Messages of the other queue groups")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_option("--older-than,--not-younger-than", older_, "Messages that came so long ago, or longer")
      ->type_name("AGE")
      ->allow_extra_args(false);
  command.add_option("--younger-than,--not-older-than", younger_, "Messages that came less long ago")
      ->type_name("AGE")
      ->allow_extra_args(false);
  auto* held = command.add_flag("--held", held_, "Messages that are held");
  command.add_flag("--not-held", not_held_, "Messages that are not held")->excludes(held);
}

void SelectionOptions::add_text(CLI::App& command, Text& text, const std::string& name, const char* what) {
  command.add_option("--" + name, text.with, fmt::format("Messages {}", what))
      ->type_name("TEXT")
      ->allow_extra_args(false);
  command.add_option("--not-" + name, text.without, "The others")->type_name("TEXT")->allow_extra_args(false);
}

Result<Selection, std::string> SelectionOptions::selection() const {
  Selection selection{.selector = {}, .groups = groups_, .other_groups = other_groups_, .narrows_view = false};
  select::Selector& selector = selection.selector;
  selector.view = held_ ? select::View::kHeld : not_held_ ? select::View::kNormal : view_;
  selection.narrows_view = selector.view != view_;
  for (const Text* text : {&id_, &recipient_, &sender_, &reason_}) {
    for (const std::string& with : text->with) selector.tests.push_back({text->field, with, false});
    for (const std::string& without : text->without) selector.tests.push_back({text->field, without, true});
  }
  if (const auto checked = check(selector.tests); !checked) return fail(checked.error());
  const auto older = strictest(older_, [](Duration a, Duration b) { return std::max(a, b); });
  if (!older) return fail(older.error());
  const auto younger = strictest(younger_, [](Duration a, Duration b) { return std::min(a, b); });
  if (!younger) return fail(younger.error());
  selector.older_than = *older;
  selector.younger_than = *younger;
  return selection;
}

Result<std::vector<observe::Queue>, std::string> queues_of(const Selection& selection,
                                                           std::span<const std::string> known_groups,
                                                           std::vector<observe::Queue> queues) {
  for (const auto* names : {&selection.groups, &selection.other_groups})
    for (const std::string& name : *names)
      if (!is_among(name, known_groups)) return fail(fmt::format("Queue group {} unknown", name));
  for (const std::string& name : selection.groups)
    if (canonical(name) != canonical(selection.groups.front()))
      return fail(fmt::format("no message is in the groups {} and {}", selection.groups.front(), name));
  std::erase_if(queues, [&](const observe::Queue& queue) {
    return (!selection.groups.empty() && !is_among(queue.group, selection.groups)) ||
           is_among(queue.group, selection.other_groups);
  });
  return queues;
}

}  // namespace sluice::commands
