// One command line of a client, in two steps (RFC 5321 4.1): split_command() says which verb it is, so that the session
// can decide whether it may come now; then one parser per verb turns its argument into a typed value.
//
// Lines come without CRLF, already bounded in length. Views in results point into the line. Nothing throws.
// Common laxness is allowed: spaces around the colon's right side ("MAIL FROM: <a@b.example>") and at the end of a
// line.
#pragma once

#include <optional>

#include "core/mail/envelope.h"
#include "core/smtp/address.h"

namespace sluice::smtp {

enum class Verb : std::uint8_t {
  kHelo,
  kEhlo,
  kMail,
  kRcpt,
  kData,
  kBdat,
  kRset,
  kNoop,
  kQuit,
  kVrfy,
  kExpn,
  kHelp,
  kStartTls,
  kAuth,
  kEtrn,
  kUnknown,
};
inline constexpr std::size_t kVerbs = static_cast<std::size_t>(Verb::kUnknown) + 1;

struct CommandLine {
  Verb verb = Verb::kUnknown;
  Octets argument;  // without the spaces around it
};

enum class CommandError : std::uint8_t {
  kSyntax,            // 501 5.5.4: the argument is not what the verb takes
  kBadAddress,        // 501 5.1.3 or 5.1.7
  kNoDomain,          // 553 5.1.3 or 5.1.7: the address has a local part only
  kAddressTooLong,    // 501 5.1.3 or 5.1.7
  kBadUtf8,           // 553 5.6.7: octets above 0x7f in an address that are not UTF-8
  kUnknownParameter,  // 555 5.5.4: not one that this server offers
  kBadParameter,      // 501 5.5.4: a known parameter with a bad value, or twice
};

// Which parameters MAIL and RCPT may carry beside SIZE and BODY.
struct Extensions {
  bool smtputf8 = true;
  bool dsn = true;  // RFC 3461: RET, ENVID, NOTIFY, ORCPT
};

struct MailCommand {
  Mailbox sender;                     // empty address: the null sender
  std::optional<std::uint64_t> size;  // octets, as the client declares (RFC 1870)
  bool eight_bit = false;             // BODY=8BITMIME (RFC 6152)
  bool smtputf8 = false;              // RFC 6531
  mail::Return ret = mail::Return::kUnspecified;
  std::string envelope_id;  // ENVID, as given (xtext)
};

struct RcptCommand {
  Mailbox recipient;  // "postmaster" may stand without a domain
  std::uint8_t notify = 0;
  std::string original_recipient;  // ORCPT, as given
};

struct BdatCommand {
  std::uint64_t size = 0;
  bool last = false;
};

// nullopt: the line holds a control character and is no command at all.
std::optional<CommandLine> split_command(Octets line);

Result<MailCommand, CommandError> parse_mail(Octets argument, const Extensions& extensions);
Result<RcptCommand, CommandError> parse_rcpt(Octets argument, const Extensions& extensions);
Result<BdatCommand, CommandError> parse_bdat(Octets argument);
// The name after HELO or EHLO, in a form that is safe in headers and logs: anything but letters, digits and ".-_:[]" is
// '?'. Clients send all sorts of names, so only an empty one is an error.
Result<std::string, CommandError> parse_hello(Octets argument);

// Decimal digits only, no sign; nullopt also if it does not fit.
std::optional<std::uint64_t> parse_number(Octets digits);

}  // namespace sluice::smtp
