#include "core/smtp/client_outcome.h"

namespace sluice::smtp {
namespace {

// Lines of a reply repeat the enhanced code (RFC 2034 4); the log needs it once.
std::string one_line(Octets text, mail::EnhancedCode& code, unsigned reply_code) {
  std::string line;
  for (;;) {
    const std::size_t lf = text.find('\n');
    Octets part = text.substr(0, lf);
    const mail::EnhancedCode found = take_enhanced_code(part, reply_code);
    if (code.status_class == 0) code = found;
    if (!line.empty() && !part.empty()) line.push_back(' ');
    line.append(part);
    if (lf == Octets::npos || line.size() > mail::kMaximumText) break;
    text.remove_prefix(lf + 1);
  }
  return printable_line(line, mail::kMaximumText);
}

bool is_about_connection(Step step) {
  return step == Step::kGreeting || step == Step::kEhlo || step == Step::kHelo || step == Step::kLhlo;
}

mail::Verdict verdict_of(const ServerReply& reply, Step step) {
  if (is_about_connection(step) || reply.transient() || reply.intermediate()) return mail::Verdict::kDeferred;
  if (reply.code == 552 && step == Step::kRcpt) return mail::Verdict::kDeferred;
  return reply.permanent() ? mail::Verdict::kFailed : mail::Verdict::kDelivered;
}

mail::Trouble trouble_of(const ServerReply& reply, Step step) {
  if (is_about_connection(step)) {
    return reply.permanent() || reply.code == 421 ? mail::Trouble::kUnreachable : mail::Trouble::kBusy;
  }
  if (reply.code == 421) return mail::Trouble::kBusy;
  const bool storage = reply.code == 450 || reply.code == 451 || reply.code == 452;
  return storage && step == Step::kMail ? mail::Trouble::kBusy : mail::Trouble::kNone;
}

}  // namespace

std::string_view name_of(Step step) {
  switch (step) {
    case Step::kGreeting:
      return "the greeting";
    case Step::kEhlo:
      return "EHLO";
    case Step::kHelo:
      return "HELO";
    case Step::kLhlo:
      return "LHLO";
    case Step::kIdle:
      return "nothing";
    case Step::kReset:
      return "RSET";
    case Step::kMail:
      return "MAIL";
    case Step::kRcpt:
      return "RCPT";
    case Step::kData:
      return "DATA";
    case Step::kBody:
      return "the message body";
    case Step::kFinal:
      return "the end of data";
    case Step::kQuit:
      return "QUIT";
    case Step::kDead:
      return "nothing";
  }
  return "nothing";
}

mail::Outcome outcome_of(const ServerReply& reply, Step step) {
  mail::Outcome outcome;
  outcome.verdict = verdict_of(reply, step);
  outcome.trouble = trouble_of(reply, step);
  outcome.reply = reply.code;
  outcome.text = one_line(reply.text, outcome.code, reply.code);
  if (outcome.code.status_class == 0) outcome.code = enhanced_code_for(reply.code);
  if (outcome.verdict == mail::Verdict::kDeferred) outcome.code.status_class = 4;
  return outcome;
}

mail::Outcome lost(mail::Trouble trouble, Octets why) {
  return {mail::Verdict::kDeferred, trouble, 0, {4, 4, 2}, std::string(why)};
}

mail::Outcome refused_here(mail::EnhancedCode code, Octets why) {
  return {mail::Verdict::kFailed, mail::Trouble::kNone, 0, code, std::string(why)};
}

}  // namespace sluice::smtp
