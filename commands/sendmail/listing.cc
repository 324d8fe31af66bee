#include "listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mail/date.h"

namespace sluice::sendmail {

namespace {

struct Columns {
  std::size_t sender, recipient, status;  // octets that are shown
  std::string_view before_recipient;
};
constexpr Columns kPlain{39, 38, 60, "\t\t\t\t\t "};
constexpr Columns kVerbose{78, 71, 100, "\t\t\t\t\t\t"};

// Printable octets, others as backslash and octal number.
std::string shown(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    std::string next(1, c);
    if (c < ' ' || c > '~') next = fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    if (out.size() + next.size() > limit) break;
    out += next;
  }
  return out;
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

// As sendmail computes it for mail of normal class.
std::uint64_t priority(const ListedMessage& message) {
  constexpr std::uint64_t kOfRecipient = 30'000, kOfAttempt = 90'000;
  return message.size + message.recipients.size() * kOfRecipient + message.attempts * kOfAttempt;
}

}  // namespace

std::string_view title(bool verbose) {
  return verbose ? "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n"
                 : "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n";
}

void append_message(std::string& out, const ListedMessage& message, bool verbose, std::chrono::minutes utc_offset) {
  const Columns& columns = verbose ? kVerbose : kPlain;
  out += fmt::format("{:>13}{}{:>8} ", message.id, static_cast<char>(message.state), message.size);
  if (verbose) out += fmt::format("{:>10}  ", priority(message));
  out += fmt::format("{} {}\n", date_text(message.arrival, utc_offset, !verbose),
                     message.sender.empty() ? "<>" : shown(message.sender, columns.sender));
  const auto with_status = std::find_if(message.recipients.begin(), message.recipients.end(),
                                        [](const ListedRecipient& recipient) { return !recipient.status.empty(); });
  if (with_status != message.recipients.end() && !verbose)
    out += fmt::format("{:17}({})\n", "", shown(with_status->status, columns.status));
  for (const ListedRecipient& recipient : message.recipients) {
    out.append(columns.before_recipient).append(shown(recipient.address, columns.recipient)).append("\n");
    if (verbose && !recipient.status.empty())
      out += fmt::format("\t\t ({})\n", shown(recipient.status, columns.status));
  }
}

std::string heading(std::string_view directory, std::size_t messages) {
  if (messages == 0) return fmt::format("{} is empty\n", directory);
  return fmt::format("\t\t{} ({} request{})\n", directory, messages, messages == 1 ? "" : "s");
}

}  // namespace sluice::sendmail
