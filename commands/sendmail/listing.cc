#include "listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mail/date.h"

namespace sluice::sendmail {

namespace {

using Recipient = monitor::QueuedMessage::Recipient;

struct Columns {
  std::size_t sender, recipient, status;  // octets that are shown
  std::string_view before_recipient;
};
constexpr Columns kPlain{39, 38, 60, "\t\t\t\t\t "};
constexpr Columns kVerbose{78, 71, 100, "\t\t\t\t\t\t"};

// Printable octets, others as backslash and octal number.
void append_shown(std::string& out, std::string_view text, std::size_t limit) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (text.size() <= limit && std::all_of(text.begin(), text.end(), printable)) return void(out.append(text));
  const std::size_t end = out.size() + limit;
  for (const char c : text) {
    if (out.size() + (printable(c) ? 1 : 4) > end) break;
    if (printable(c))
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
  }
}

// "Sun Nov 22 02:32" or, without the day of the week, "Nov 22 02:32".
std::string date_text(std::int64_t second, std::chrono::minutes utc_offset, bool with_weekday) {
  constexpr std::int64_t kDay = 86400;
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::array<const char*, 7> kWeekdays{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  const std::int64_t local = std::max<std::int64_t>(0, second + utc_offset.count() * 60);
  const std::int64_t days = local / kDay;
  const mail::CivilDate date = mail::civil_from_days(days);
  const std::string rest =
      fmt::format("{} {:2} {:02}:{:02}", kMonths[date.month - 1], date.day, local % kDay / 3600, local % 3600 / 60);
  return with_weekday ? fmt::format("{} {}", kWeekdays[static_cast<std::size_t>(days % 7)], rest) : rest;
}

// Tried so short a time ago that it is not its turn yet.
bool is_young(const Recipient& recipient, std::int64_t now) {
  if (recipient.reason == "retry-time" || recipient.reason == "lane-backoff") return true;
  return (recipient.reason == "queue-run" || recipient.reason == "expensive") && recipient.next > now;
}

// '*' under way, '?' lost, '-' too young, 'X' the load is too high for it.
char mark_of(const monitor::QueuedMessage& message, std::int64_t now) {
  if (!message.lost.empty()) return '?';
  bool too_young = true, overloaded = false;
  for (const Recipient& recipient : message.recipients()) {
    if (recipient.done()) continue;
    if (recipient.reason == "in-flight") return '*';
    too_young &= is_young(recipient, now);
    overloaded |= recipient.reason == "load";
  }
  return too_young ? '-' : overloaded ? 'X' : ' ';
}

// What was set aside has the name of its file instead of a number.
std::string id_text(const monitor::QueuedMessage& message) {
  if (message.lost.empty()) return fmt::format_int(message.id).str();
  const std::string_view name = std::string_view(message.lost).substr(message.lost.rfind('/') + 1);
  return std::string(name.substr(0, name.rfind('.')));
}

std::uint64_t attempts_of(const monitor::QueuedMessage& message) {
  std::uint64_t most = 0;
  for (const Recipient& recipient : message.recipients()) most = std::max(most, recipient.attempts);
  return most;
}

void append_status(std::string& out, const monitor::QueuedMessage& message, const Columns& columns, bool verbose) {
  const auto recipients = message.recipients();
  const auto told = std::find_if(recipients.begin(), recipients.end(), [](const Recipient& recipient) {
    return !recipient.done() && !recipient.text.empty();
  });
  const bool status = told != recipients.end() && !verbose;  // verbose: each below its recipient
  if (!status && !message.eight_bit) return;
  fmt::format_to(std::back_inserter(out), "    {:>10}", message.eight_bit ? "8BITMIME" : "");
  if (status) {
    out += "   (";
    append_shown(out, told->text, columns.status);
    out += ')';
  }
  out += '\n';
}

std::string_view sender_text(const monitor::QueuedMessage& message) {
  if (!message.lost.empty()) return message.lost;
  return message.sender.empty() ? std::string_view("<>") : message.sender;
}

}  // namespace

std::string_view title(bool verbose) {
  return verbose ? "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n"
                 : "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n";
}

std::string heading(std::string_view directory, std::uint64_t messages, std::uint64_t most) {
  if (messages == 0) return fmt::format("{} is empty\n", directory);
  const std::string note = most != 0 && most < messages ? fmt::format(", only {} printed", most) : "";
  return fmt::format("\t\t{} ({} request{}{})\n", directory, messages, messages == 1 ? "" : "s", note);
}

std::string total(std::uint64_t messages) { return fmt::format("\t\tTotal requests: {}\n", messages); }

std::string_view Listing::date(std::int64_t second) {
  const std::int64_t minute = second / 60;
  if (minute != minute_) date_ = date_text(second, utc_offset_(second), !form_.verbose);
  minute_ = minute;
  return date_;
}

void Listing::append(std::string& out, const monitor::QueuedMessage& message) {
  constexpr std::size_t kReason = 60;
  const auto recipients = message.recipients();
  const auto done = [](const Recipient& recipient) { return recipient.done(); };
  if (message.lost.empty() && std::all_of(recipients.begin(), recipients.end(), done))
    return void(fmt::format_to(std::back_inserter(out), "{:>13} (job completed)\n", message.id));
  const Columns& columns = form_.verbose ? kVerbose : kPlain;
  fmt::format_to(std::back_inserter(out), "{:>13}{}{:>8} ", id_text(message), mark_of(message, form_.now),
                 message.size);
  if (form_.verbose) {
    const auto priority = schedule::priority_number(message.size, message.precedence, message.accepted,
                                                    attempts_of(message), form_.factors);
    fmt::format_to(std::back_inserter(out), "{:>10}{}", priority, message.warned ? '+' : ' ');
  }
  out.append(date(message.arrival)).append(1, ' ');
  append_shown(out, sender_text(message), columns.sender);
  out += '\n';
  if (message.held) {
    out += "     QUARANTINE: ";
    append_shown(out, message.hold_reason, kReason);
    out += '\n';
  }
  append_status(out, message, columns, form_.verbose);
  for (const Recipient& recipient : message.recipients()) {
    if (recipient.done()) continue;
    out.append(columns.before_recipient);
    append_shown(out, recipient.address, columns.recipient);
    out += '\n';
    if (!form_.verbose || recipient.text.empty()) continue;
    out += "\t\t (";
    append_shown(out, recipient.text, columns.status);
    out += ")\n";
  }
}

}  // namespace sluice::sendmail
