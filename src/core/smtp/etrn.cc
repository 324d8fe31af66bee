#include "core/smtp/etrn.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/smtp/address.h"

namespace sluice::smtp {
namespace {

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

bool is_host_octet(char c) { return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_'; }
bool is_literal_octet(char c) { return is_host_octet(c) || c == ':'; }
bool is_group_octet(char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; }

bool all_are(bool (*allowed)(char), Octets text) { return std::all_of(text.begin(), text.end(), allowed); }

// A part of a name is enough, because that is what the queue is searched for; no name has two dots in a row.
bool is_host(Octets name) {
  if (name.size() > kMaximumDomain) return false;
  if (name.size() > 2 && name.front() == '[' && name.back() == ']')
    return all_are(is_literal_octet, name.substr(1, name.size() - 2));
  return !name.empty() && all_are(is_host_octet, name) && name.find("..") == Octets::npos;
}

// A domain whose subdomains are meant begins with one of its labels.
bool is_domain(Octets name) { return is_host(name) && name.front() != '.' && name.front() != '['; }

bool is_group(Octets name) { return !name.empty() && name.size() <= kMaximumDomain && all_are(is_group_octet, name); }

}  // namespace

Result<EtrnCommand, EtrnError> parse_etrn(Octets argument) {
  if (argument.empty()) return fail(EtrnError::kMissing);
  if (argument.find(' ') != Octets::npos) return fail(EtrnError::kTwoNames);
  EtrnCommand command;
  if (argument.front() == '@') command.kind = EtrnCommand::Kind::kBelow;
  if (argument.front() == '#') command.kind = EtrnCommand::Kind::kGroup;
  if (command.kind != EtrnCommand::Kind::kHost) argument.remove_prefix(1);
  const bool good = command.kind == EtrnCommand::Kind::kGroup   ? is_group(argument)
                    : command.kind == EtrnCommand::Kind::kBelow ? is_domain(argument)
                                                                : is_host(argument);
  if (!good) return fail(EtrnError::kBadName);
  command.name.resize(argument.size());
  std::transform(argument.begin(), argument.end(), command.name.begin(), ascii_lower);
  return command;
}

std::string to_text(const EtrnCommand& command) {
  switch (command.kind) {
    case EtrnCommand::Kind::kHost:
      return command.name;
    case EtrnCommand::Kind::kBelow:
      return '@' + command.name;
    case EtrnCommand::Kind::kGroup:
      return '#' + command.name;
  }
  return command.name;
}

Octets etrn_refusal(EtrnError error) {
  switch (error) {
    case EtrnError::kMissing:
      return "550 Parameter required\r\n";
    case EtrnError::kBadName:
      return "501 5.5.4 That is no name of a host, @domain or #group\r\n";
    case EtrnError::kTwoNames:
      break;
  }
  return "501 5.5.4 One name is expected\r\n";
}

Reply etrn_started(const EtrnCommand& command) {
  if (command.kind == EtrnCommand::Kind::kGroup)
    return {250, {2, 0, 0}, fmt::format("Queuing for queue group {} started", command.name)};
  return {250, {2, 0, 0}, fmt::format("Queuing for node {} started", to_text(command))};
}

Reply etrn_not_started(const EtrnCommand& command) {
  return {458, {4, 3, 0}, fmt::format("Unable to queue messages for node {}", to_text(command))};
}

Reply etrn_unknown_group(const EtrnCommand& command) {
  return {459, {4, 5, 4}, fmt::format("Queue {} unknown", command.name)};
}

Reply etrn_not_allowed(const EtrnCommand& command) {
  return {459, {4, 7, 1}, fmt::format("Node {} not allowed: not from your address", to_text(command))};
}

}  // namespace sluice::smtp
