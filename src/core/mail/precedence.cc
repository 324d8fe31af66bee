#include "core/mail/precedence.h"

#include <algorithm>

#include "core/mail/address.h"
#include "core/mail/header.h"

namespace sluice::mail {

namespace {

int precedence_of(Octets word, std::span<const PrecedenceName> names) {
  const auto known = std::find_if(names.begin(), names.end(), [word](const PrecedenceName& each) {
    return ascii_equal_ignore_case(word, each.name);
  });
  return known == names.end() ? 0 : std::clamp<int>(known->precedence, kLowestPrecedence, kHighestPrecedence);
}

std::optional<Urgency> urgency_of(Octets word) {
  if (ascii_equal_ignore_case(word, "urgent")) return Urgency::kUrgent;
  if (ascii_equal_ignore_case(word, "normal")) return Urgency::kNormal;
  if (ascii_equal_ignore_case(word, "non-urgent")) return Urgency::kNonUrgent;
  return std::nullopt;
}

}  // namespace

Importance importance_of(std::optional<Octets> precedence, std::optional<Octets> priority,
                         std::span<const PrecedenceName> names) {
  Importance importance;
  if (precedence) importance.precedence = static_cast<std::int8_t>(precedence_of(*precedence, names));
  if (importance.precedence > 0) importance.urgency = Urgency::kUrgent;
  if (importance.precedence < 0) importance.urgency = Urgency::kNonUrgent;
  if (priority) importance.urgency = urgency_of(*priority).value_or(importance.urgency);
  return importance;
}

Importance importance_of_message(Octets message, std::span<const PrecedenceName> names) {
  std::optional<Octets> precedence, priority;
  HeaderReader reader(message);
  while (const auto field = reader.next()) {
    if (!precedence && ascii_equal_ignore_case(field->name, "precedence")) precedence = field->value;
    if (!priority && ascii_equal_ignore_case(field->name, "priority")) priority = field->value;
    if (precedence && priority) break;
  }
  return importance_of(precedence, priority, names);
}

bool hears_of_delay(std::string_view sender, int precedence) {
  if (sender.empty() || precedence < 0) return false;
  const std::string_view local = local_part_of(sender);
  constexpr std::string_view kOwner = "owner-", kRequest = "-request";
  return !ascii_equal_ignore_case(local.substr(0, kOwner.size()), kOwner) &&
         !(local.size() >= kRequest.size() &&
           ascii_equal_ignore_case(local.substr(local.size() - kRequest.size()), kRequest));
}

}  // namespace sluice::mail
