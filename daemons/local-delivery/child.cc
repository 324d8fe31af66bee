#include "child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/codec.h"
#include "core/mail/address.h"
#include "core/mail/trace.h"
#include "system/maildir/maildir.h"
#include "system/net/socket.h"

namespace sluice::local_delivery {

namespace {

constexpr std::size_t kPiece = 64 << 10;

mail::Outcome deferred(const std::string& text) {
  return {mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, text + " (#4.3.0)"};
}

bool become(const MailboxOwner& owner) {
  if (::geteuid() != 0) return owner.uid == ::geteuid();
  return ::setgroups(1, &owner.gid) == 0 && ::setresgid(owner.gid, owner.gid, owner.gid) == 0 &&
         ::setresuid(owner.uid, owner.uid, owner.uid) == 0 && ::setuid(0) != 0;
}

maildir::Source source_of(const Letter& letter) {
  if (!letter.file) {
    return [&letter, given = false]() mutable -> Result<Octets, std::string> {
      if (std::exchange(given, true)) return Octets{};
      return Octets(letter.body);
    };
  }
  return [&letter, piece = std::string(kPiece, '\0')]() mutable -> Result<Octets, std::string> {
    const ssize_t n = ::read(letter.file.get(), piece.data(), piece.size());
    if (n < 0) return fail(std::string("cannot read the message: ") + std::strerror(errno));
    return Octets(piece).substr(0, static_cast<std::size_t>(n));
  };
}

mail::Outcome deliver(const MailboxOwner& owner, const std::string& maildir_path, const Letter& letter) {
  if (!become(owner)) return deferred(fmt::format("Unable to deliver under the uid of {}.", owner.name));
  if (!maildir_path.starts_with('/') && ::chdir(owner.home.c_str()) != 0)
    return deferred(fmt::format("Unable to switch to {}: {}.", owner.home, std::strerror(errno)));
  maildir::Letter delivery;
  delivery.header = mail::delivery_header(letter.sender, letter.recipient);
  delivery.delivered_to = letter.recipient;
  delivery.line_form = letter.line_form;
  const auto name = maildir::deliver(maildir_path, maildir::Missing::kCreate, delivery, {letter.host, letter.sequence},
                                     source_of(letter));
  if (!name) return maildir::to_outcome(name.error());
  return {mail::Verdict::kDelivered, mail::Trouble::kNone, 0, {2, 0, 0}, "did 1+0+0"};
}

// verdict u8, class u8, subject u16, detail u16, text
std::string report_of(const mail::Outcome& outcome) {
  std::string report;
  Encoder(report)
      .u8(static_cast<std::uint8_t>(outcome.verdict))
      .u8(outcome.code.status_class)
      .u16(outcome.code.subject)
      .u16(outcome.code.detail)
      .octets(Octets(outcome.text).substr(0, mail::kMaximumText));
  return report;
}

[[noreturn]] void run_child(const MailboxOwner& owner, const std::string& maildir_path, Letter letter, os::Fd report) {
  // Nothing of the daemon's is to be within reach of code that runs as the recipient.
  const int keep = ::fcntl(report.get(), F_DUPFD, 64),
            file = letter.file ? ::fcntl(letter.file.get(), F_DUPFD, 64) : -1;
  for (unsigned fd = 0; fd < 64; ++fd) ::close(static_cast<int>(fd));
  ::close_range(static_cast<unsigned>(std::max(keep, file)) + 1, ~0U, 0);
  letter.file.release();
  report.release();
  letter.file.reset(file);
  ::umask(077);
  ::prctl(PR_SET_DUMPABLE, 0);
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_DFL);
  std::signal(SIGXFSZ, SIG_IGN);
  std::string said;
  try {
    said = report_of(deliver(owner, maildir_path, letter));
  } catch (const std::exception& exception) {
    said = report_of(deferred(std::string("Delivery failed: ") + exception.what()));
  }
  [[maybe_unused]] const ssize_t written = ::write(keep, said.data(), said.size());
  ::_exit(0);
}

}  // namespace

Result<Child, int> start_delivery(const MailboxOwner& owner, const std::string& maildir_path, Letter letter) {
  auto both = net::socket_pair();
  if (!both) return fail(int{both.error().code});
  const pid_t pid = ::fork();
  if (pid < 0) return fail(int{errno});
  if (pid == 0) run_child(owner, maildir_path, std::move(letter), std::move(both->second));
  return Child{pid, std::move(both->first)};
}

std::optional<mail::Outcome> read_report(Octets octets) {
  Decoder from(octets);
  mail::Outcome outcome;
  outcome.verdict = static_cast<mail::Verdict>(from.u8());
  outcome.code = {from.u8(), from.u16(), from.u16()};
  const Octets text = from.octets();
  if (!from.done() || text.size() > mail::kMaximumText) return std::nullopt;
  outcome.text = text;
  switch (outcome.verdict) {
    case mail::Verdict::kDelivered:
    case mail::Verdict::kDeferred:
    case mail::Verdict::kFailed:
      return outcome;
  }
  return std::nullopt;
}

}  // namespace sluice::local_delivery
