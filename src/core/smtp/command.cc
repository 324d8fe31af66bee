#include "core/smtp/command.h"

#include <algorithm>
#include <charconv>

#include "core/mail/report_rules.h"
#include "core/smtp/parameters.h"

namespace sluice::smtp {
namespace {

constexpr std::uint32_t packed(const char* verb) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(ascii_lower(verb[i]));
  return value;
}

Verb verb_of(Octets word) {
  if (ascii_equal_ignore_case(word, "STARTTLS")) return Verb::kStartTls;
  if (word.size() != 4) return Verb::kUnknown;
  switch (packed(word.data())) {
    case packed("helo"):
      return Verb::kHelo;
    case packed("ehlo"):
      return Verb::kEhlo;
    case packed("mail"):
      return Verb::kMail;
    case packed("rcpt"):
      return Verb::kRcpt;
    case packed("data"):
      return Verb::kData;
    case packed("bdat"):
      return Verb::kBdat;
    case packed("rset"):
      return Verb::kRset;
    case packed("noop"):
      return Verb::kNoop;
    case packed("quit"):
      return Verb::kQuit;
    case packed("vrfy"):
      return Verb::kVrfy;
    case packed("expn"):
      return Verb::kExpn;
    case packed("help"):
      return Verb::kHelp;
    case packed("auth"):
      return Verb::kAuth;
    case packed("etrn"):
      return Verb::kEtrn;
    default:
      return Verb::kUnknown;
  }
}

Octets trimmed(Octets text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

CommandError command_error(AddressError error) {
  switch (error) {
    case AddressError::kSyntax:
      return CommandError::kBadAddress;
    case AddressError::kNoDomain:
      return CommandError::kNoDomain;
    case AddressError::kTooLong:
      return CommandError::kAddressTooLong;
    case AddressError::kBadUtf8:
      return CommandError::kBadUtf8;
  }
  return CommandError::kBadAddress;
}

// "FROM:" or "TO:" and the path; leaves the parameters in `argument`.
Result<Mailbox, CommandError> take_keyword_and_path(Octets& argument, Octets keyword) {
  if (!ascii_equal_ignore_case(argument.substr(0, keyword.size()), keyword)) return fail(CommandError::kSyntax);
  argument = trimmed(argument.substr(keyword.size()));
  if (argument.empty()) return fail(CommandError::kSyntax);
  auto mailbox = take_path(argument);
  if (!mailbox) return fail(command_error(mailbox.error()));
  if (!argument.empty() && !argument.starts_with(' ')) return fail(CommandError::kBadAddress);
  return std::move(*mailbox);
}

// The sender of a double bounce is no mailbox, but qmail sends it, and whoever refuses it makes it a triple bounce,
// which is thrown away.
Result<Mailbox, CommandError> take_sender(Octets& argument) {
  static constexpr Octets kKeyword = "FROM:", kDoubleBounce = "<#@[]>";
  if (ascii_equal_ignore_case(argument.substr(0, kKeyword.size()), kKeyword)) {
    const Octets path = trimmed(argument.substr(kKeyword.size()));
    const Octets rest = path.substr(std::min(path.size(), kDoubleBounce.size()));
    if (path.starts_with(kDoubleBounce) && (rest.empty() || rest.starts_with(' '))) {
      argument = rest;
      return Mailbox{std::string(mail::kDoubleBounceSender), false};
    }
  }
  return take_keyword_and_path(argument, kKeyword);
}

// Hands each parameter to `take(keyword, value)`, which answers with an error or nullopt.
template <class Take>
std::optional<CommandError> each_parameter(Octets rest, Take&& take) {
  for (rest = trimmed(rest); !rest.empty(); rest = trimmed(rest)) {
    const Octets word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(word.size());
    const auto parameter = parse_parameter(word);
    if (!parameter) return CommandError::kBadParameter;
    if (const auto error = take(*parameter)) return error;
  }
  return std::nullopt;
}

}  // namespace

std::optional<CommandLine> split_command(Octets line) {
  const auto is_control = [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(line.begin(), line.end(), is_control)) return std::nullopt;
  line = trimmed(line);
  const Octets word = line.substr(0, line.find(' '));
  return CommandLine{verb_of(word), trimmed(line.substr(word.size()))};
}

Result<MailCommand, CommandError> parse_mail(Octets argument, const Extensions& extensions) {
  auto sender = take_sender(argument);
  if (!sender) return fail(sender.error());
  if (sender->address == "postmaster") return fail(CommandError::kNoDomain);
  MailCommand command;
  command.sender = std::move(*sender);
  MailParameters parameters(extensions, command);
  if (const auto error = each_parameter(argument, [&](const Parameter& p) { return parameters.take(p); })) {
    return fail(*error);
  }
  return command;
}

Result<RcptCommand, CommandError> parse_rcpt(Octets argument, const Extensions& extensions) {
  auto recipient = take_keyword_and_path(argument, "TO:");
  if (!recipient) return fail(recipient.error());
  if (recipient->address.empty()) return fail(CommandError::kBadAddress);
  RcptCommand command;
  command.recipient = std::move(*recipient);
  RcptParameters parameters(extensions, command);
  if (const auto error = each_parameter(argument, [&](const Parameter& p) { return parameters.take(p); })) {
    return fail(*error);
  }
  return command;
}

Result<BdatCommand, CommandError> parse_bdat(Octets argument) {
  const Octets digits = argument.substr(0, argument.find(' '));
  const auto size = parse_number(digits);
  const Octets rest = trimmed(argument.substr(digits.size()));
  if (!size || (!rest.empty() && !ascii_equal_ignore_case(rest, "LAST"))) return fail(CommandError::kSyntax);
  return BdatCommand{*size, !rest.empty()};
}

Result<std::string, CommandError> parse_hello(Octets argument) {
  std::string name(argument.substr(0, std::min(argument.find(' '), kMaximumDomain)));
  if (name.empty()) return fail(CommandError::kSyntax);
  for (char& c : name) {
    const bool safe = (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
                      Octets(".-_:[]").find(c) != Octets::npos;
    if (!safe) c = '?';
  }
  return name;
}

std::optional<std::uint64_t> parse_number(Octets digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace sluice::smtp
