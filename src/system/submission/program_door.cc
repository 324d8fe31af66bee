// Door 2: qmail-queue, or the program that stands in for it.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "core/mail/line_form.h"
#include "system/os/fd.h"
#include "system/os/process.h"
#include "system/submission/doors.h"

namespace sluice::submission {

namespace {

constexpr std::size_t kPiece = 64 << 10;

// A program that ends without reading makes our write fail, not us.
class WithoutPipeSignal {
 public:
  WithoutPipeSignal() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~WithoutPipeSignal() { std::signal(SIGPIPE, before_); }
  WithoutPipeSignal(const WithoutPipeSignal&) = delete;

 private:
  void (*before_)(int);
};

bool write_all(int to, Octets octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(to, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

class Written {
 public:
  Written(int to, mail::LineForm form) : to_(to), strip_(form == mail::LineForm::kCrlf) {}
  bool write(Octets octets) {
    if (!strip_) return write_all(to_, octets);
    stripped_.clear();
    convert_.append(stripped_, octets);
    return write_all(to_, stripped_);
  }
  bool finish() {
    stripped_.clear();
    if (strip_) convert_.finish(stripped_);
    return write_all(to_, stripped_);
  }

 private:
  int to_;
  bool strip_;
  mail::CrlfToLf convert_;
  std::string stripped_;
};

// What was not passed on, and why: the program must then not see the end of an envelope.
struct Trouble {
  bool program_stopped = false;  // its exit code tells
  std::string what;
};

Result<void, Trouble> pass_on(Message& message, Written to) {
  if (!to.write(message.beginning())) return fail(Trouble{true, {}});
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto count = message.read_rest(piece.data(), piece.size());
    if (!count) return fail(Trouble{false, count.error()});
    if (*count == 0) break;
    if (!to.write(Octets(piece).substr(0, *count))) return fail(Trouble{true, {}});
  }
  if (!to.finish()) return fail(Trouble{true, {}});
  return {};
}

std::optional<std::string> old_envelope(const mail::Envelope& envelope) {
  const auto has_zero = [](const std::string& text) { return text.find('\0') != text.npos; };
  if (has_zero(envelope.sender)) return std::nullopt;
  std::string out = 'F' + envelope.sender + '\0';
  for (const mail::Recipient& recipient : envelope.recipients) {
    if (has_zero(recipient.address)) return std::nullopt;
    out += 'T' + recipient.address + '\0';
  }
  return out += '\0';
}

struct Pipe {
  os::Fd reading, writing;
};
std::optional<Pipe> make_pipe() {
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{os::Fd(both[0]), os::Fd(both[1])};
}

}  // namespace

Result<void, Refusal> submit_to_program(const Doors& doors, const mail::Envelope& envelope, Message& message) {
  const auto encoded = old_envelope(envelope);
  if (!encoded) return fail(Refusal{true, "an address with a zero octet"});
  auto body = make_pipe(), addresses = make_pipe();
  if (!body || !addresses) return fail(meaning_of_exit(60));
  os::Program program{.path = doors.queue_program.front(),
                      .arguments = doors.queue_program,
                      .environment = doors.environment,
                      .descriptors = {{body->reading.get(), 0}, {addresses->reading.get(), 1}, {STDERR_FILENO, 2}}};
  if (::fcntl(STDERR_FILENO, F_GETFD) < 0) program.descriptors.pop_back();
  const WithoutPipeSignal without;
  const auto child = os::spawn(program);
  if (!child) return fail(Refusal{false, child.error().what, 120});
  body->reading.reset();
  addresses->reading.reset();

  const auto passed = pass_on(message, Written(body->writing.get(), envelope.line_form));
  body->writing.reset();
  const bool all = passed && write_all(addresses->writing.get(), *encoded);
  addresses->writing.reset();
  const int status = os::wait_for(*child);
  if (!passed && !passed.error().program_stopped) return fail(Refusal{false, passed.error().what});
  if (!WIFEXITED(status)) return fail(Refusal{false, fmt::format("{} was {}", program.path, os::describe_end(status))});
  if (WEXITSTATUS(status) != 0) return fail(meaning_of_exit(WEXITSTATUS(status)));
  if (!all) return fail(Refusal{false, fmt::format("{} did not read the whole message", program.path)});
  return {};
}

}  // namespace sluice::submission
