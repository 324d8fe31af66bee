#include "by_hand.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <vector>

#include "carry_out.h"
#include "program.h"
#include "system/config/load.h"
#include "system/os/failure.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr const char* kUsage =
    "usage: qmail-local [-nN] [--] user home local dash ext domain sender defaultdelivery [extra-header]";
constexpr std::size_t kOperands = 8;

struct Call {
  bool only_tell = false;
  std::vector<std::string> operands;
};

Call read_call(int argc, char** argv) {
  Call call;
  int next = 1;
  for (; next < argc; ++next) {
    const std::string_view argument = argv[next];
    if (argument == "--") {
      ++next;
      break;
    }
    if (argument.size() < 2 || argument.front() != '-') break;
    for (const char letter : argument.substr(1)) {
      if (letter != 'n' && letter != 'N') throw os::Fatal(100, fmt::format("unknown option {}; {}", argument, kUsage));
      call.only_tell = letter == 'n';
    }
  }
  call.operands.assign(argv + next, argv + argc);
  if (call.operands.size() != kOperands && call.operands.size() != kOperands + 1) throw os::Fatal(100, kUsage);
  call.operands.resize(kOperands + 1);
  return call;
}

// Descriptor 0, or, if it can be read only once, a copy of it.
os::Fd message_file() {
  if (::lseek(STDIN_FILENO, 0, SEEK_SET) == 0) return os::Fd(::dup(STDIN_FILENO));
  os::Fd copy(::memfd_create("message", MFD_CLOEXEC));
  char piece[16384];
  for (ssize_t count = 0; copy && (count = ::read(STDIN_FILENO, piece, sizeof piece)) != 0;)
    if (count < 0 || ::write(copy.get(), piece, static_cast<std::size_t>(count)) != count)
      throw os::Fatal(111, os::with_errno("cannot read the message"));
  if (!copy) throw os::Fatal(111, os::with_errno("cannot make a temporary file"));
  return copy;
}

std::string describe(const local::Action& action) {
  struct Describer {
    std::string operator()(const local::Maildir& one) const { return "maildir " + one.path; }
    std::string operator()(const local::Mbox& one) const { return "mbox " + one.path; }
    std::string operator()(const local::Program& one) const { return "program " + one.command; }
    std::string operator()(const local::Forward& one) const { return "forward " + one.address; }
    std::string operator()(const local::Self& one) const { return "user " + one.user; }
    std::string operator()(const local::Include& one) const { return "include " + one.path; }
  };
  return std::visit(Describer{}, action);
}

mail::Outcome tell(const link::Letter& letter) {
  if (auto trouble = enter_home(letter)) return *trouble;
  const auto directions = find_directions(letter);
  if (!directions) return directions.error();
  std::string text;
  for (const auto& one : directions->instructions) text += (text.empty() ? "" : "\n") + describe(one.action);
  return {mail::Verdict::kDelivered, mail::Trouble::kNone, 0, {2, 0, 0}, text};
}

int exit_status(mail::Verdict verdict) {
  switch (verdict) {
    case mail::Verdict::kDelivered:
      return 0;
    case mail::Verdict::kFailed:
      return 100;
    case mail::Verdict::kDeferred:
      break;
  }
  return 111;
}

mail::Outcome do_it(const link::Letter& letter) {
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(111, config::problem_lines("qmail-local", loaded.error()));
  const settings::Settings& settings = loaded->settings;
  link::WorkerSetup setup;
  setup.host = settings.me;
  setup.program_limit = settings.local_program_timeout;
  setup.hop_limit = settings.smtp_max_hops;
  const Body body(message_file(), mail::LineForm::kLf);
  std::uint64_t sequence = 0;
  return deliver({letter, setup, body, sequence, std::chrono::steady_clock::now() + setup.program_limit}, {}).outcome;
}

}  // namespace

int run_by_hand(int argc, char** argv) {
  const Call call = read_call(argc, argv);
  if (::geteuid() == 0) throw os::Fatal(111, "nothing is delivered as root");
  std::signal(SIGXFSZ, SIG_IGN);
  ::umask(077);
  link::Letter letter;
  Octets* const fields[] = {&letter.user,        &letter.home,   &letter.local,  &letter.dash,
                            &letter.ext,         &letter.domain, &letter.sender, &letter.default_delivery,
                            &letter.extra_header};
  for (std::size_t i = 0; i < std::size(fields); ++i) *fields[i] = call.operands[i];
  letter.line_form = mail::LineForm::kLf;
  const mail::Outcome outcome = call.only_tell ? tell(letter) : do_it(letter);
  fmt::print("{}{}", outcome.text, outcome.text.empty() ? "" : "\n");
  std::fflush(stdout);
  return exit_status(outcome.verdict);
}

}  // namespace sluice::mailbox_delivery
