#include "delivery_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace sluice::remote {

namespace {

std::string said(const mail::Outcome& outcome) {
  if (outcome.code.status_class == 0) return fmt::format("{} {}", outcome.reply, outcome.text);
  return fmt::format("{} {}.{}.{} {}", outcome.reply, outcome.code.status_class, outcome.code.subject,
                     outcome.code.detail, outcome.text);
}

void cut(std::string& text) {
  if (text.size() > mail::kMaximumText) text.resize(mail::kMaximumText);
}

// It says nothing about the destination, but fewer connections will help.
bool is_our_shortage(int code) {
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM || code == EADDRNOTAVAIL ||
         code == EAGAIN;  // the backlog of a socket in the file system is full
}

}  // namespace

void tell(mail::Outcome& outcome, const std::string& address, bool body_complete) {
  if (outcome.reply == 0)
    outcome.text =
        fmt::format("Connected to {} but {}.{}/", address, outcome.text,
                    body_complete && outcome.verdict == mail::Verdict::kDeferred ? " Possible duplicate!" : "");
  else if (outcome.verdict == mail::Verdict::kDelivered)
    outcome.text = fmt::format("{} accepted message./Remote host said: {}/", address, said(outcome));
  else
    outcome.text =
        fmt::format("{} {}./Remote host said: {}/Giving up on {}./", address,
                    outcome.verdict == mail::Verdict::kFailed ? "refused" : "deferred", said(outcome), address);
  cut(outcome.text);
}

std::string label_of(const route::Target& target, std::uint16_t port) {
  if (target.address.starts_with('/')) return target.address;
  return fmt::format("{}[{}]:{}", target.host == target.address ? "" : target.host, target.address, port);
}

mail::Outcome not_connected(const std::string& label, int code) {
  return {mail::Verdict::kDeferred,
          is_our_shortage(code) ? mail::Trouble::kBusy : mail::Trouble::kUnreachable,
          0,
          {4, 4, 1},
          fmt::format("connect to {}: {}", label, std::strerror(code))};
}

mail::Outcome not_welcome(const std::string& label, mail::Outcome why) {
  why.verdict = mail::Verdict::kDeferred;
  if (why.trouble == mail::Trouble::kNone) why.trouble = mail::Trouble::kUnreachable;
  why.text = why.reply == 0 ? fmt::format("connected to {} but {}", label, why.text)
                            : fmt::format("connected to {} but it said: {}", label, said(why));
  cut(why.text);
  return why;
}

}  // namespace sluice::remote
