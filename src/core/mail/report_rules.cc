#include "core/mail/report_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mail/header.h"
#include "core/mail/verp.h"

namespace sluice::mail {

namespace {

Action action_of(Reached reached) {
  switch (reached) {
    case Reached::kMailbox:
      return Action::kDelivered;
    case Reached::kServer:
    case Reached::kReporter:
      return Action::kRelayed;
    case Reached::kExpanded:
      return Action::kExpanded;
  }
  return Action::kDelivered;
}

}  // namespace

Addressee report_addressee(std::string_view sender, std::string_view double_bounce_to,
                           std::string_view double_bounce_host) {
  using Kind = Addressee::Kind;
  if (sender == kDoubleBounceSender) return {Kind::kDiscardTriple, {}, {}};
  if (sender.empty()) {
    if (double_bounce_to.empty() || double_bounce_to.front() == '@') return {Kind::kDiscardDouble, {}, {}};
    return {Kind::kDoubleReport, std::string(kDoubleBounceSender),
            fmt::format("{}@{}", double_bounce_to, double_bounce_host)};
  }
  return {Kind::kReport, {}, std::string(verp_base(sender).value_or(sender))};
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::kFailed:
      return "failed";
    case Action::kDelayed:
      return "delayed";
    case Action::kDelivered:
      return "delivered";
    case Action::kRelayed:
      return "relayed";
    case Action::kExpanded:
      return "expanded";
  }
  return "failed";
}

std::optional<Action> reported_action(Verdict verdict, Reached reached, std::uint8_t notify_bits) {
  const bool never = (notify_bits & notify::kNever) != 0;
  const auto asked = [&](std::uint8_t bit) { return !never && (notify_bits & bit) != 0; };
  if (verdict == Verdict::kFailed && (notify_bits == 0 || asked(notify::kFailure))) return Action::kFailed;
  if (verdict == Verdict::kDelivered && asked(notify::kSuccess) && reached != Reached::kReporter)
    return action_of(reached);
  return std::nullopt;
}

bool is_bulk(Octets message) {
  const auto value = find_field(message, "precedence");
  if (!value) return false;
  const std::string word = ascii_lowered(value->substr(0, 16));
  return word == "bulk" || word == "list" || word == "junk";
}

namespace {

// The outcome's code if it is a valid one; its class becomes `status_class`.
std::optional<EnhancedCode> as_class(const EnhancedCode& code, std::uint8_t status_class) {
  const bool given = code.status_class != 0 && code.subject <= 999 && code.detail <= 999;
  if (!given) return std::nullopt;
  return EnhancedCode{status_class, code.subject, code.detail};
}

}  // namespace

EnhancedCode report_status(Action action, const Outcome& outcome, bool expired) {
  const std::uint8_t given = outcome.code.status_class;
  switch (action) {
    case Action::kFailed:
      if (expired && given == 4) return as_class(outcome.code, 4).value_or(EnhancedCode{4, 4, 7});
      if (expired) return {4, 4, 7};  // delivery time expired
      if (given == 4 || given == 5) return as_class(outcome.code, 5).value_or(EnhancedCode{5, 0, 0});
      return {5, 0, 0};
    case Action::kDelayed:
      if (given == 4) return as_class(outcome.code, 4).value_or(EnhancedCode{4, 0, 0});
      return {4, 0, 0};
    case Action::kDelivered:
    case Action::kRelayed:
    case Action::kExpanded:
      if (given == 2) return as_class(outcome.code, 2).value_or(EnhancedCode{2, 0, 0});
      return {2, 0, 0};
  }
  return {5, 0, 0};
}

RemoteAnswer remote_answer(std::string_view text) {
  constexpr std::string_view kSaid = "./Remote host said: ", kEnd = "/Giving up on ";
  const std::size_t said = text.find(kSaid);
  if (said == std::string_view::npos) return {};
  std::string_view reply = text.substr(said + kSaid.size());
  if (const std::size_t end = reply.rfind(kEnd); end != std::string_view::npos)
    reply = reply.substr(0, end);
  else if (reply.ends_with('/'))
    reply.remove_suffix(1);
  return {text.substr(0, std::min(text.find(' '), said)), reply};
}

}  // namespace sluice::mail
