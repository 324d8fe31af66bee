#include "core/smtp/parameters.h"

#include <algorithm>
#include <utility>

#include "core/mail/dsn_parameters.h"
#include "core/smtp/utf8.h"

namespace sluice::smtp {
namespace {

std::optional<CommandError> take_body(Octets value, bool& eight_bit) {
  if (ascii_equal_ignore_case(value, "8BITMIME")) {
    eight_bit = true;
  } else if (!ascii_equal_ignore_case(value, "7BIT")) {
    return ascii_equal_ignore_case(value, "BINARYMIME") ? CommandError::kUnknownParameter : CommandError::kBadParameter;
  }
  return std::nullopt;
}

std::optional<CommandError> take_ret(Octets value, mail::Return& ret) {
  const auto read = mail::parse_return(value);
  if (!read || ret != mail::Return::kUnspecified) return CommandError::kBadParameter;
  ret = *read;
  return std::nullopt;
}

std::optional<CommandError> take_notify(Octets value, std::uint8_t& bits) {
  const auto read = mail::parse_notify(value);
  if (!read || bits != 0) return CommandError::kBadParameter;
  bits = *read;
  return std::nullopt;
}

// RFC 5321 4.1.2 atom, as RFC 3461 4.2 asks of the type of an address.
bool is_atom(Octets text) {
  static constexpr Octets kOthers = "!#$%&'*-/?^_`{|}~";  // without '+' and '=', which xtext has uses for
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           kOthers.find(c) != Octets::npos;
  });
}

// addr-type ";" xtext (or UTF-8, RFC 6533).
bool is_original_recipient(Octets value) {
  const std::size_t semicolon = value.find(';');
  if (value.size() > kMaximumOriginalRecipient || semicolon == Octets::npos) return false;
  const Octets address = value.substr(semicolon + 1);
  if (address.empty() || !is_atom(value.substr(0, semicolon))) return false;
  return is_ascii(address) ? mail::is_xtext(address) : is_plain_utf8(address);
}

}  // namespace

std::optional<Parameter> parse_parameter(Octets word) {
  const std::size_t equals = word.find('=');
  const Parameter parameter{word.substr(0, equals), equals == Octets::npos ? Octets() : word.substr(equals + 1),
                            equals != Octets::npos};
  const auto is_keyword_octet = [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-';
  };
  if (parameter.keyword.empty() || parameter.keyword.front() == '-' ||
      !std::all_of(parameter.keyword.begin(), parameter.keyword.end(), is_keyword_octet)) {
    return std::nullopt;
  }
  if (parameter.has_value && (parameter.value.empty() || parameter.value.find('=') != Octets::npos)) {
    return std::nullopt;
  }
  return parameter;
}

std::optional<CommandError> MailParameters::take(const Parameter& parameter) {
  const auto is = [&](Octets keyword) { return ascii_equal_ignore_case(parameter.keyword, keyword); };
  if (is("SIZE")) {
    if (command_.size) return CommandError::kBadParameter;
    command_.size = parse_number(parameter.value);
    return command_.size ? std::nullopt : std::optional(CommandError::kBadParameter);
  }
  if (is("BODY")) {
    if (std::exchange(body_seen_, true)) return CommandError::kBadParameter;
    return take_body(parameter.value, command_.eight_bit);
  }
  if (is("SMTPUTF8") && extensions_.smtputf8) {
    if (parameter.has_value || command_.smtputf8) return CommandError::kBadParameter;
    command_.smtputf8 = true;
    return std::nullopt;
  }
  if (is("RET") && extensions_.dsn) return take_ret(parameter.value, command_.ret);
  if (is("ENVID") && extensions_.dsn) {
    const Octets value = parameter.value;
    if (!command_.envelope_id.empty() || !mail::is_envelope_id(value)) return CommandError::kBadParameter;
    command_.envelope_id = value;
    return std::nullopt;
  }
  return CommandError::kUnknownParameter;
}

std::optional<CommandError> RcptParameters::take(const Parameter& parameter) {
  const auto is = [&](Octets keyword) { return ascii_equal_ignore_case(parameter.keyword, keyword); };
  if (is("NOTIFY") && extensions_.dsn) return take_notify(parameter.value, command_.notify);
  if (is("ORCPT") && extensions_.dsn) {
    if (!command_.original_recipient.empty() || !is_original_recipient(parameter.value)) {
      return CommandError::kBadParameter;
    }
    command_.original_recipient = parameter.value;
    return std::nullopt;
  }
  return CommandError::kUnknownParameter;
}

}  // namespace sluice::smtp
