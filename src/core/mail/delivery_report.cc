#include "core/mail/delivery_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/mail/address.h"
#include "core/mail/date.h"
#include "core/mail/header.h"
#include "core/mail/line_form.h"

namespace sluice::mail {

namespace {

constexpr std::size_t kLineWidth = 76;     // where we fold by choice
constexpr std::size_t kTexts = 4u << 20;   // octets of outcomes' texts, of all recipients together
constexpr std::size_t kLongestWord = 800;  // what cannot be folded is cut here, below the limit of 998 octets a line
constexpr std::string_view kDelaySubject = "delay notice: your message is still being tried";
constexpr std::string_view kDeliveredSubject = "success notice: your message was delivered";
constexpr std::string_view kPassedOnSubject = "success notice: your message was passed on";

template <class... Values>
void print(std::string& out, fmt::format_string<const Values&...> format, const Values&... values) {
  fmt::format_to(std::back_inserter(out), format, values...);
}

// Foreign text on one line: controls become '?', and what is not ASCII too unless the report may carry UTF-8.
std::string one_line(std::string_view text, bool utf8, std::size_t longest = kMaximumText) {
  text = text.substr(0, longest);
  const bool keep_high = utf8 && is_utf8(text);
  std::string safe(text);
  for (char& c : safe) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet == 0x7F || (octet >= 0x80 && !keep_high)) c = '?';
  }
  return safe;
}

// `text` behind what stands on the current line of `out`, broken at spaces; further lines begin with `indent`.
void append_folded(std::string& out, std::string_view text, std::string_view indent) {
  std::size_t column = out.size() - (out.rfind('\n') == std::string::npos ? 0 : out.rfind('\n') + 1);
  bool first = true;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    if (space == 0) {  // a run of spaces could end up as a line of nothing else
      text.remove_prefix(1);
      continue;
    }
    const std::string_view word = text.substr(0, std::min(space, kLongestWord));
    const bool cut = word.size() < std::min(space, text.size());
    if (!first && column + 1 + word.size() > kLineWidth) {
      print(out, "\r\n{}", indent);
      column = indent.size();
    } else if (!first) {
      out.push_back(' ');
      ++column;
    }
    out.append(word);
    column += word.size();
    text.remove_prefix(word.size() + (cut || space == std::string_view::npos ? 0 : 1));
    first = false;
  }
  out.append("\r\n");
}

std::string_view address_type(std::string_view address) { return is_ascii(address) ? "rfc822" : "utf-8"; }

class ReportWriter {
 public:
  ReportWriter(const ReportSettings& settings, const ReportedMessage& reported, std::string_view id, WallTime now)
      : settings_(settings), reported_(reported), id_(id), now_(now) {
    longest_text_ =
        std::clamp<std::size_t>(kTexts / std::max<std::size_t>(reported.recipients.size(), 1), 100, kMaximumText);
    utf8_ = reported.smtputf8 || !is_ascii(reported.addressee.recipient);
    for (const auto& recipient : reported.recipients) utf8_ = utf8_ || !is_ascii(recipient.address);
  }

  DeliveryReport write() const {
    const std::string text = explanation(), status = delivery_status(), original = returned_original();
    const std::string boundary = unused_boundary(text, status, original);
    DeliveryReport report;
    report.eight_bit = !is_ascii(text) || !is_ascii(status) || !is_ascii(original);
    report.smtputf8 = utf8_;
    report.message = header(boundary, report.eight_bit);
    const auto part = [&](std::string_view type, const std::string& content) {
      print(report.message, "--{}\r\nContent-Type: {}\r\n", boundary, type);
      if (!is_ascii(content)) report.message += "Content-Transfer-Encoding: 8bit\r\n";
      print(report.message, "\r\n{}\r\n", content);
    };
    part(utf8_ ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii", text);
    part(utf8_ ? "message/global-delivery-status" : "message/delivery-status", status);
    part(original_type(), original);
    print(report.message, "--{}--\r\n", boundary);
    return report;
  }

 private:
  bool is_double() const { return reported_.addressee.kind == Addressee::Kind::kDoubleReport; }
  std::string safe(std::string_view text, std::size_t longest = kMaximumText) const {
    return one_line(text, utf8_, longest);
  }
  std::string short_safe(std::string_view text) const { return safe(text, kLongestWord); }

  bool header_only() const {
    return reported_.ret == Return::kHeaders || !reported_.says(Action::kFailed) || !reported_.complete ||
           reported_.original.size() > settings_.largest_original;
  }

  std::string_view original_type() const {
    if (header_only()) return utf8_ ? "message/global-headers" : "text/rfc822-headers";
    return utf8_ ? "message/global" : "message/rfc822";
  }

  std::string_view subject() const {
    if (is_double()) return settings_.double_subject;
    if (reported_.says(Action::kFailed)) return settings_.subject;
    if (reported_.says(Action::kDelayed)) return kDelaySubject;
    return reported_.says(Action::kDelivered) ? kDeliveredSubject : kPassedOnSubject;
  }

  std::string header(std::string_view boundary, bool eight_bit) const {
    const std::string host = short_safe(settings_.bounce_host.empty() ? settings_.me : settings_.bounce_host);
    std::string out;
    print(out, "Date: {}\r\n", format_date(now_, settings_.utc_offset));
    print(out, "From: Mail Delivery System <{}@{}>\r\n", safe(settings_.bounce_from, 100), host);
    print(out, "To: <{}>\r\n", short_safe(reported_.addressee.recipient));
    out += "Subject: ";
    append_folded(out, safe(subject()), " ");
    print(out, "Message-ID: <{}@{}>\r\nAuto-Submitted: auto-replied\r\n", id_, short_safe(settings_.me));
    const auto field = find_field(reported_.original, "message-id");
    if (const auto original_id = field ? find_message_id(*field) : std::nullopt)
      print(out, "In-Reply-To: {0}\r\nReferences: {0}\r\n", *original_id);
    out += "MIME-Version: 1.0\r\n";
    if (eight_bit) out += "Content-Transfer-Encoding: 8bit\r\n";
    print(out, "Content-Type: multipart/report; report-type={}delivery-status;\r\n boundary=\"{}\"\r\n\r\n",
          utf8_ ? "global-" : "", boundary);
    return out;
  }

  std::string explanation() const {
    std::string out;
    const auto& own_words = is_double() ? settings_.double_message : settings_.message;
    const bool replaced = reported_.says(Action::kFailed) && !own_words.empty();
    if (replaced)
      for (const std::string& line : own_words) print(out, "{}\r\n", short_safe(line));
    else
      print(out, "This is the mail system at {}.\r\n", short_safe(settings_.me));
    for (const Action action :
         {Action::kFailed, Action::kDelayed, Action::kDelivered, Action::kRelayed, Action::kExpanded}) {
      if (!reported_.says(action)) continue;
      if (action != Action::kFailed || !replaced) print(out, "\r\n{}", opening(action));
      for (const auto& recipient : reported_.recipients)
        if (recipient.action == action) append_explanation(out, recipient);
    }
    return out;
  }

  std::string_view opening(Action action) const {
    switch (action) {
      case Action::kFailed:
        if (is_double())
          return "A report of failed delivery could not be delivered to the sender of the\r\n"
                 "message below. This is why, for each recipient of the report:\r\n";
        return "Your message could not be delivered to the recipients below and is not being\r\n"
               "tried any more. This is why, for each of them:\r\n";
      case Action::kDelayed:
        return "Your message has not been delivered to the recipients below yet. It is still\r\n"
               "being tried; you need not send it again. This is what the last attempt came to,\r\n"
               "for each of them:\r\n";
      case Action::kDelivered:
        return "Your message was delivered to:\r\n";
      case Action::kRelayed:
        return "Your message was passed on to a mail server that does not report what becomes\r\n"
               "of it, for:\r\n";
      case Action::kExpanded:
        return "Your message was sent on to the other addresses that these stand for:\r\n";
    }
    return {};
  }

  void append_explanation(std::string& out, const ReportedRecipient& recipient) const {
    print(out, "\r\n<{}>:\r\n", short_safe(recipient.address));
    const std::string text = safe(recipient.outcome.text, longest_text_);
    const bool explained = recipient.action == Action::kFailed || !text.empty();
    if (explained) out += "    ";
    if (explained) append_folded(out, text.empty() ? "no reason was given" : text, "    ");
    if (recipient.expired) out += "    The message has been in the queue too long.\r\n";
    if (recipient.will_retry_until)
      print(out, "    It is tried until {}.\r\n", format_date(*recipient.will_retry_until, settings_.utc_offset));
  }

  std::string delivery_status() const {
    std::string out;
    if (!reported_.envelope_id.empty())
      print(out, "Original-Envelope-Id: {}\r\n", short_safe(xtext_decoded(reported_.envelope_id)));
    print(out, "Reporting-MTA: dns; {}\r\n", short_safe(settings_.me));
    print(out, "Arrival-Date: {}\r\n", format_date(reported_.arrival, settings_.utc_offset));
    for (const auto& recipient : reported_.recipients) append_recipient(out, recipient);
    return out;
  }

  void append_recipient(std::string& out, const ReportedRecipient& recipient) const {
    out += "\r\n";
    if (!recipient.original_recipient.empty())
      print(out, "Original-Recipient: {}\r\n", short_safe(xtext_decoded(recipient.original_recipient)));
    print(out, "Final-Recipient: {}; {}\r\n", address_type(recipient.address), short_safe(recipient.address));
    const EnhancedCode status = report_status(recipient.action, recipient.outcome, recipient.expired);
    print(out, "Action: {}\r\nStatus: {}.{}.{}\r\n", name_of(recipient.action), status.status_class, status.subject,
          status.detail);
    append_diagnosis(out, recipient);
    if (recipient.last_attempt)
      print(out, "Last-Attempt-Date: {}\r\n", format_date(*recipient.last_attempt, settings_.utc_offset));
    if (recipient.will_retry_until)
      print(out, "Will-Retry-Until: {}\r\n", format_date(*recipient.will_retry_until, settings_.utc_offset));
  }

  // The other server's words if they are known, else ours (RFC 3464 2.3.5, 2.3.6).
  void append_diagnosis(std::string& out, const ReportedRecipient& recipient) const {
    const RemoteAnswer remote = remote_answer(recipient.outcome.text);
    if (!remote.host.empty()) {
      const bool is_address = remote.host.find_first_not_of("0123456789.") == std::string_view::npos ||
                              remote.host.find(':') != std::string_view::npos;
      const std::string host = short_safe(remote.host);
      print(out, "Remote-MTA: dns; {}{}{}\r\n", is_address ? "[" : "", host, is_address ? "]" : "");
    }
    const bool from_smtp = !remote.reply.empty() || recipient.outcome.reply != 0;
    const std::string_view said = remote.reply.empty() ? std::string_view(recipient.outcome.text) : remote.reply;
    if (said.empty()) return;
    print(out, "Diagnostic-Code: {}; ", from_smtp ? "smtp" : "x-sluice");
    append_folded(out, safe(said, longest_text_), " ");
  }

  // The original as it was accepted, with the Return-Path that its final delivery would have given it.
  std::string returned_original() const {
    std::string out;
    print(out, "Return-Path: <{}>\r\n", short_safe(reported_.sender));
    if (!header_only()) {
      append_as_crlf(out, reported_.original);
      return out;
    }
    Octets kept = reported_.original.substr(0, header_length(reported_.original));
    if (kept.size() > kLargestHeader) {
      kept = kept.substr(0, kLargestHeader);
      kept = kept.substr(0, kept.rfind('\n') + 1);  // whole lines; none if the first alone is too long
    }
    append_as_crlf(out, kept);
    return out;
  }

  // "=_" occurs in no encoded body (RFC 2045 6.7) and the hash depends on every octet, so the first try is almost
  // always unused; the loop makes it certain, and ends because the parts hold finitely many boundaries.
  std::string unused_boundary(std::string_view a, std::string_view b, std::string_view c) const {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a
    for (const std::string_view text : {a, b, c})
      for (const char octet : text) hash = (hash ^ static_cast<unsigned char>(octet)) * 0x100000001B3ULL;
    for (;; ++hash) {
      std::string boundary = fmt::format("=_sluice_{:016x}", hash);
      const auto absent = [&](std::string_view text) { return text.find(boundary) == std::string_view::npos; };
      if (absent(a) && absent(b) && absent(c)) return boundary;
    }
  }

  const ReportSettings& settings_;
  const ReportedMessage& reported_;
  std::string_view id_;
  WallTime now_;
  bool utf8_ = false;
  std::size_t longest_text_ = kMaximumText;
};

}  // namespace

bool ReportedMessage::says(Action action) const {
  return std::any_of(recipients.begin(), recipients.end(), [=](const auto& each) { return each.action == action; });
}

DeliveryReport delivery_report(const ReportSettings& settings, const ReportedMessage& reported, std::string_view id,
                               WallTime now) {
  return ReportWriter(settings, reported, id, now).write();
}

}  // namespace sluice::mail
