#include "core/monitor/listing.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/address.h"
#include "core/mail/date.h"

namespace sluice::monitor {

namespace {

std::string_view name_of(ListedChannel channel) {
  switch (channel) {
    case ListedChannel::kLocal:
      return "local";
    case ListedChannel::kRemote:
      return "remote";
    case ListedChannel::kLmtp:
      return "lmtp";
    case ListedChannel::kTodo:
      return "todo";
  }
  return "?";
}

// "Sun, 22 Nov 2026 02:41:50 GMT"
std::string date_of(std::int64_t seconds) {
  constexpr std::int64_t kGreatest = INT64_MAX / 1000;  // numbers from elsewhere
  std::string text = mail::format_date(wall_from_millis(std::clamp<std::int64_t>(seconds, 0, kGreatest) * 1000));
  text.replace(text.rfind(' ') + 1, text.npos, "GMT");
  return text;
}

bool is_selected(const ListedMessage& message, const Selection& selection) {
  return std::any_of(message.recipients.begin(), message.recipients.end(),
                     [&](const ListedRecipient& recipient) { return selection.takes(recipient.channel); });
}

}  // namespace

bool Selection::takes(ListedChannel channel) const {
  switch (channel) {
    case ListedChannel::kLocal:
      return local;
    case ListedChannel::kRemote:
    case ListedChannel::kLmtp:
      return remote;
    case ListedChannel::kTodo:
      return todo;
  }
  return false;
}

void ListedCounts::add(const ListedMessage& message, const Selection& selection) {
  if (!is_selected(message, selection)) return;
  if (message.bouncing) ++bounce;
  bool in_todo = false;
  for (const ListedRecipient& recipient : message.recipients) {
    in_todo |= recipient.channel == ListedChannel::kTodo;
    if (!selection.takes(recipient.channel) || recipient.channel == ListedChannel::kTodo) continue;
    ++(recipient.channel == ListedChannel::kLocal ? local : remote);
  }
  if (in_todo) ++todo;
}

void ListedCounts::add(const ListedCounts& other) {
  local += other.local;
  remote += other.remote;
  bounce += other.bounce;
  todo += other.todo;
}

void append_message(std::string& out, const ListedMessage& message, const Selection& selection, unsigned split) {
  if (!is_selected(message, selection)) return;
  out +=
      fmt::format("{}  {}/#{}  {}  <{}> {}\n", date_of(message.arrival), message.number % std::max(split, 1U),
                  message.number, message.octets, mail::printable(message.sender), message.bouncing ? " bouncing" : "");
  for (const ListedRecipient& recipient : message.recipients)
    if (selection.takes(recipient.channel))
      out += fmt::format("{}\t{}\t{}\n", recipient.done ? "  done" : "", name_of(recipient.channel),
                         mail::printable(recipient.address));
}

std::string counts_text(const ListedCounts& counts, const Selection& selection, std::string_view before) {
  std::string text;
  const auto line = [&](bool selected, std::string_view what, std::uint64_t count) {
    if (selected) text += fmt::format("{}Messages in {:<6} queue: {}\n", before, what, count);
  };
  line(selection.local, "local", counts.local);
  line(selection.remote, "remote", counts.remote);
  line(selection.local || selection.remote, "bounce", counts.bounce);
  line(selection.todo, "todo", counts.todo);
  return text;
}

}  // namespace sluice::monitor
