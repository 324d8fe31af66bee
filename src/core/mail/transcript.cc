#include "core/mail/transcript.h"

#include <fmt/format.h>

namespace sluice::mail::transcript {

namespace {

bool has_code(const Outcome& outcome) { return outcome.code.status_class != 0; }

// What the server said behind its three digits.
std::string reply_text(const Outcome& outcome) {
  if (!has_code(outcome)) return outcome.text;
  return fmt::format("{}.{}.{} {}", outcome.code.status_class, outcome.code.subject, outcome.code.detail, outcome.text);
}

std::string_view failure_name(const Outcome& outcome) {
  const EnhancedCode& code = outcome.code;
  if (code.subject == 1 && (code.detail == 2 || code.detail == 10)) return "Host unknown";
  if (code.subject == 4 && code.detail == 4) return "Host unknown";
  if (code.subject == 4 && code.detail == 7) return "Cannot send message for too long";
  if (code.subject == 1 && code.detail != 7 && code.detail != 8) return "User unknown";
  if (code.subject == 3 && code.detail == 4) return "Message too large";
  if (code.subject == 2 && code.detail == 3) return "Message too large";
  const bool mailbox_reply = outcome.reply == 550 || outcome.reply == 551 || outcome.reply == 553;
  return mailbox_reply && !has_code(outcome) ? "User unknown" : "Service unavailable";
}

std::string text_of(const Outcome& outcome, std::string_view reason) {
  switch (outcome.verdict) {
    case Verdict::kDelivered:
      return outcome.reply == 0 ? "Sent" : fmt::format("Sent ({})", reply_text(outcome));
    case Verdict::kDeferred:
      if (!reason.empty()) return fmt::format("Deferred: {}", reason);
      if (outcome.reply != 0) return fmt::format("Deferred: {} {}", outcome.reply, reply_text(outcome));
      return fmt::format("Deferred: {}", outcome.text);
    case Verdict::kFailed:
      // A server's words were shown when they came.
      if (outcome.reply != 0 || outcome.text.empty()) return std::string(failure_name(outcome));
      return fmt::format("{} ({})", failure_name(outcome), outcome.text);
  }
  return {};
}

}  // namespace

std::string harmless(Octets text) {
  std::string out;
  for (const char c : text) {
    if (out.size() + 4 > kLongestLine) break;
    if (c == '\t')
      out += ' ';
    else if (c >= ' ' && c <= '~')
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string connecting(std::span<const Recipient> recipients, std::string_view host, std::string_view mailer,
                       bool reused) {
  constexpr std::size_t kRoomForNames = kLongestLine / 2;
  std::string names;
  for (const Recipient& recipient : recipients) {
    if (names.size() + recipient.address.size() > kRoomForNames) {
      names += names.empty() ? "..." : ",...";
      break;
    }
    fmt::format_to(std::back_inserter(names), "{}<{}>", names.empty() ? "" : ",", recipient.address);
  }
  if (mailer.empty()) return harmless(fmt::format("{}... Connecting to {}...", names, host));
  return harmless(fmt::format("{}... {} {} via {}...", names,
                              reused ? "Using cached ESMTP connection to" : "Connecting to", host, mailer));
}

std::string trying(std::string_view address, std::string_view host, std::string_view trouble, bool timed_out) {
  if (trouble.empty()) return harmless(fmt::format("Trying {}... connected.", address));
  if (timed_out)
    return harmless(fmt::format("Trying {}... Connection timed out during user open with {}", address, host));
  return harmless(fmt::format("Trying {}... {}", address, trouble));
}

std::string unreachable(std::string_view host, std::string_view trouble, bool silent) {
  return silent ? fmt::format("Host {} is down", host) : fmt::format("{} by {}", trouble, host);
}

std::string result(std::string_view address, const Outcome& outcome, std::string_view reason) {
  return harmless(fmt::format("<{}>... {}", address, text_of(outcome, reason)));
}

std::string closing(std::string_view host) { return harmless(fmt::format("Closing connection to {}", host)); }

std::string told(Octets command) { return harmless(fmt::format(">>> {}", command)); }

void Lines::add(Octets octets, const std::function<void(Octets line)>& each) {
  while (!octets.empty()) {
    const std::size_t end = octets.find('\n');
    const Octets piece = octets.substr(0, end);
    if (begun_.size() < kLongestLine) begun_.append(piece.substr(0, kLongestLine - begun_.size()));
    if (end == Octets::npos) return;
    octets.remove_prefix(end + 1);
    if (begun_.ends_with('\r')) begun_.pop_back();
    each(begun_);
    begun_.clear();
  }
}

}  // namespace sluice::mail::transcript
