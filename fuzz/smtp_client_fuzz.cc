// A client session that hears anything from its server: every recipient gets one outcome, texts are printable and
// bounded, and what is sent stays well-formed commands. The first octet chooses how the replies are cut, and
// LMTP.
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/smtp/client_session.h"

namespace {

using namespace sluice;
using namespace sluice::smtp;

void check_outcome(const mail::Outcome& outcome) {
  invariant(outcome.text.size() <= mail::kMaximumText, "texts are bounded");
  for (const char c : outcome.text) invariant(static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7f, "texts are one line");
  const bool failed = outcome.verdict == mail::Verdict::kFailed;
  const bool deferred = outcome.verdict == mail::Verdict::kDeferred;
  invariant(outcome.code.status_class == (failed ? 5 : deferred ? 4 : 2), "the code fits the verdict");
  if (!deferred) invariant(outcome.reply != 0 || failed, "nothing counts as delivered without a reply");
}

void check_commands(Octets out) {
  while (!out.empty()) {
    const std::size_t end = out.find("\r\n");
    invariant(end != Octets::npos, "commands end with CRLF");
    for (const char c : out.substr(0, end)) invariant(c >= ' ' && c < 0x7f, "commands are printable");
    out.remove_prefix(end + 2);
  }
}

Job some_job(unsigned number) {
  Job job;
  job.envelope.sender = "a@b.example";
  for (unsigned i = 0; i <= number % 3; ++i)
    job.envelope.recipients.push_back({"x@y.example", static_cast<std::uint8_t>(number % 16), ""});
  job.envelope.eight_bit = number % 2 == 1;
  job.size = 1000;
  return job;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Octets input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] % 64 + 1;
  ClientSession session("me.example", data[0] & 0x40 ? Protocol::kLmtp : Protocol::kSmtp);
  std::string out;
  std::size_t recipients = 0;
  unsigned jobs = 0;
  const auto step = [&] {
    if (session.body_wanted()) session.body_sent();
    if (session.done()) {
      const auto outcomes = session.take_outcomes();
      invariant(outcomes.size() == recipients, "every recipient has an outcome");
      for (const mail::Outcome& outcome : outcomes) check_outcome(outcome);
      recipients = 0;
    }
    if (session.ready()) {
      Job job = some_job(jobs++);
      recipients = job.envelope.recipients.size();
      session.start(std::move(job), out);
    }
  };
  // A lone octet 0x01 between pieces of input stands for "the server waits here".
  for (Octets rest = input; !rest.empty();) {
    const std::size_t mark = rest.find('\x01');
    const Octets turn = rest.substr(0, mark);
    for (std::size_t i = 0; i < turn.size(); i += piece) session.receive(turn.substr(i, piece), out);
    rest.remove_prefix(mark == Octets::npos ? rest.size() : mark + 1);
    step();
  }
  if (data[0] & 0x80) {
    session.timed_out();
  } else {
    session.closed();
  }
  step();
  invariant(recipients == 0 && !session.usable(), "no recipient is left without an outcome");
  check_outcome(session.ending());
  check_commands(out);
  return 0;
}
