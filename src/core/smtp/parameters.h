// The keyword[=value] parameters of MAIL and RCPT (RFC 5321 4.1.1.11): SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8
// (RFC 6531), RET, ENVID, NOTIFY, ORCPT (RFC 3461). Each may stand once. One that the server does not offer is refused,
// not ignored: the client would rely on it.
#pragma once

#include <optional>

#include "core/smtp/command.h"

namespace sluice::smtp {

inline constexpr std::size_t kMaximumOriginalRecipient = 500;  // octets of ORCPT's value, RFC 3461 4.2

struct Parameter {
  Octets keyword;
  Octets value;
  bool has_value = false;
};

// nullopt: not of the form keyword or keyword=value.
std::optional<Parameter> parse_parameter(Octets word);

class MailParameters {
 public:
  // Writes what it takes into `command`.
  MailParameters(const Extensions& extensions, MailCommand& command) : extensions_(extensions), command_(command) {}
  std::optional<CommandError> take(const Parameter& parameter);

 private:
  const Extensions& extensions_;
  MailCommand& command_;
  bool body_seen_ = false;
};

class RcptParameters {
 public:
  RcptParameters(const Extensions& extensions, RcptCommand& command) : extensions_(extensions), command_(command) {}
  std::optional<CommandError> take(const Parameter& parameter);

 private:
  const Extensions& extensions_;
  RcptCommand& command_;
};

}  // namespace sluice::smtp
