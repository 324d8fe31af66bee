#include "core/mail/remote_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "core/mail/address.h"

namespace sluice::mail {

namespace {

struct Report {
  char letter = 0;
  Octets text;
};

// An unfinished report at the end is none: the program was interrupted in it, or said too much.
std::vector<Report> split(Octets output) {
  std::vector<Report> reports;
  for (std::size_t nul = output.find('\0'); nul != Octets::npos; nul = output.find('\0')) {
    if (nul > 0) reports.push_back({output.front(), output.substr(1, nul - 1)});
    output.remove_prefix(nul + 1);
  }
  return reports;
}

std::optional<Verdict> verdict_on_message(char letter) {
  switch (letter) {
    case 'K':
      return Verdict::kDelivered;
    case 'Z':
      return Verdict::kDeferred;
    case 'D':
      return Verdict::kFailed;
    default:
      return std::nullopt;
  }
}

// Of two verdicts the better: delivered before deferred before failed.
int rank(Verdict verdict) { return verdict == Verdict::kDelivered ? 2 : verdict == Verdict::kDeferred ? 1 : 0; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "5.1.1" at the front of `text`.
std::optional<EnhancedCode> enhanced_code_at(Octets text) {
  const auto number = [&text](std::size_t digits) -> std::optional<std::uint16_t> {
    std::uint16_t value = 0;
    std::size_t n = 0;
    for (; n < digits && n < text.size() && is_digit(text[n]); ++n)
      value = static_cast<std::uint16_t>(value * 10 + (text[n] - '0'));
    text.remove_prefix(n);
    return n == 0 ? std::nullopt : std::optional(value);
  };
  const auto dot = [&text] {
    const bool there = text.starts_with('.');
    if (there) text.remove_prefix(1);
    return there;
  };
  const auto status = number(1);
  if (!status || (*status != 2 && *status != 4 && *status != 5) || !dot()) return std::nullopt;
  const auto subject = number(3);
  if (!subject || !dot()) return std::nullopt;
  const auto detail = number(3);
  if (!detail || (!text.empty() && is_digit(text.front()))) return std::nullopt;
  return EnhancedCode{static_cast<std::uint8_t>(*status), *subject, *detail};
}

bool is_reply_code(Octets word) {
  return word.size() == 3 && word[0] >= '2' && word[0] <= '5' && is_digit(word[1]) && is_digit(word[2]);
}

// "550 5.1.1" and "(#5.1.1)" in the text, the last of each.
void take_codes(Outcome& outcome) {
  const Octets text = outcome.text;
  const std::uint8_t wanted = outcome.verdict == Verdict::kDelivered ? 2 : outcome.verdict == Verdict::kFailed ? 5 : 4;
  outcome.code = {wanted, 0, 0};
  constexpr Octets kSaid = " said: ";
  if (const std::size_t said = text.rfind(kSaid); said != Octets::npos) {
    const Octets rest = text.substr(said + kSaid.size());
    const Octets word = rest.substr(0, 3);
    const bool ends = rest.size() == 3 || (rest.size() > 3 && (rest[3] == ' ' || rest[3] == '-' || rest[3] == '/'));
    if (is_reply_code(word) && ends) {
      outcome.reply = static_cast<std::uint16_t>((word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0'));
      const auto code = enhanced_code_at(rest.substr(std::min<std::size_t>(rest.size(), 4)));
      if (code && code->status_class == wanted) outcome.code = *code;
    }
  }
  if (const std::size_t open = text.rfind("(#"); open != Octets::npos) {
    const auto code = enhanced_code_at(text.substr(open + 2));
    if (code && code->status_class == wanted) outcome.code = *code;
  }
}

Trouble trouble_of(const Outcome& outcome) {
  if (outcome.verdict != Verdict::kDeferred || outcome.code.subject != 4) return Trouble::kNone;
  if (outcome.code.detail == 1 || outcome.code.detail == 3) return Trouble::kUnreachable;
  return outcome.code.detail == 2 ? Trouble::kConnection : Trouble::kNone;
}

// One line of printable UTF-8.
void append_line(std::string& line, Octets text) {
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\n')
      line.push_back('/');
    else
      line.push_back(octet < ' ' || octet == 0x7f ? ' ' : octet >= 0x80 && !utf8 ? '?' : c);
  }
}

void cut(std::string& text) {
  if (text.size() <= kMaximumText) return;
  std::size_t end = kMaximumText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside of a character
  text.resize(end);
}

Outcome did_not_say(Verdict verdict, std::string text) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.code = {static_cast<std::uint8_t>(verdict == Verdict::kFailed ? 5 : 4), 3, 0};
  outcome.text = std::move(text);
  return outcome;
}

}  // namespace

Outcome read_remote_report(Octets output, const ProgramEnd& end) {
  if (end.how == ProgramEnd::How::kTimedOut)
    return did_not_say(Verdict::kDeferred, "The program for remote deliveries took too long. (#4.3.0)");
  if (end.how == ProgramEnd::How::kKilled)
    return did_not_say(Verdict::kDeferred,
                       fmt::format("The program for remote deliveries crashed, signal {}. (#4.3.0)", end.code));
  if (end.code == 111)
    return did_not_say(Verdict::kDeferred, "The program for remote deliveries was unable to run. (#4.3.0)");
  if (end.code != 0)
    return did_not_say(Verdict::kFailed,
                       fmt::format("The program for remote deliveries exited with {}. (#5.3.0)", end.code));
  const std::vector<Report> reports = split(output.substr(0, kMaximumRemoteOutput));
  if (reports.empty())
    return did_not_say(Verdict::kDeferred, "The program for remote deliveries produced no report. (#4.3.0)");

  const auto of_message = std::find_if(reports.begin(), reports.end(),
                                       [](const Report& r) { return verdict_on_message(r.letter).has_value(); });
  const Verdict said = of_message == reports.end() ? Verdict::kFailed
                                                   : verdict_on_message(of_message->letter).value_or(Verdict::kFailed);
  Outcome outcome;
  const Report& first = reports.front();
  outcome.verdict = first.letter == 's' ? Verdict::kDeferred : first.letter == 'h' ? Verdict::kFailed : said;
  append_line(outcome.text, first.text);
  if (of_message != reports.end() && of_message != reports.begin() && rank(said) <= rank(outcome.verdict))
    append_line(outcome.text, of_message->text);
  cut(outcome.text);
  take_codes(outcome);
  outcome.trouble = trouble_of(outcome);
  outcome.reached = Reached::kServer;
  return outcome;
}

}  // namespace sluice::mail
