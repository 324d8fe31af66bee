#include "core/smtp/parameters.h"

#include <algorithm>
#include <utility>

#include "core/smtp/utf8.h"

namespace sluice::smtp {
namespace {

constexpr std::size_t kMaximumEnvelopeId = 100;  // RFC 3461 4.4

constexpr bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

// RFC 3461 4: printable ASCII without '+' and '=', or "+" and two hexadecimal digits, which stand for printable ASCII
// or a space: these values go into the header of a report, where a line end would be a forged field.
bool is_xtext(Octets text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < '!' || c > '~' || c == '=') return false;
    if (c != '+') continue;
    if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    const bool printable = text[i + 1] >= '2' && text[i + 1] <= '7' && text.substr(i + 1, 2) != "7F";
    if (!printable) return false;
    i += 2;
  }
  return true;
}

std::optional<CommandError> take_body(Octets value, bool& eight_bit) {
  if (ascii_equal_ignore_case(value, "8BITMIME")) {
    eight_bit = true;
  } else if (!ascii_equal_ignore_case(value, "7BIT")) {
    return ascii_equal_ignore_case(value, "BINARYMIME") ? CommandError::kUnknownParameter : CommandError::kBadParameter;
  }
  return std::nullopt;
}

std::optional<CommandError> take_ret(Octets value, mail::Return& ret) {
  if (ret != mail::Return::kUnspecified) return CommandError::kBadParameter;
  if (ascii_equal_ignore_case(value, "FULL")) {
    ret = mail::Return::kFull;
  } else if (ascii_equal_ignore_case(value, "HDRS")) {
    ret = mail::Return::kHeaders;
  } else {
    return CommandError::kBadParameter;
  }
  return std::nullopt;
}

std::optional<CommandError> take_notify(Octets value, std::uint8_t& bits) {
  if (bits != 0) return CommandError::kBadParameter;
  if (ascii_equal_ignore_case(value, "NEVER")) {
    bits = mail::notify::kNever;
    return std::nullopt;
  }
  while (true) {
    const std::size_t comma = value.find(',');
    const Octets word = value.substr(0, comma);
    if (ascii_equal_ignore_case(word, "SUCCESS")) {
      bits |= mail::notify::kSuccess;
    } else if (ascii_equal_ignore_case(word, "FAILURE")) {
      bits |= mail::notify::kFailure;
    } else if (ascii_equal_ignore_case(word, "DELAY")) {
      bits |= mail::notify::kDelay;
    } else {
      return CommandError::kBadParameter;
    }
    if (comma == Octets::npos) return std::nullopt;
    value.remove_prefix(comma + 1);
  }
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
  return is_ascii(address) ? is_xtext(address) : is_plain_utf8(address);
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
    const bool good = command_.envelope_id.empty() && !value.empty() && value.size() <= kMaximumEnvelopeId;
    if (!good || !is_xtext(value)) return CommandError::kBadParameter;
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
