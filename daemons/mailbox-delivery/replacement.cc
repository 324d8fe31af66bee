// QMAILLOCAL: a program of the administrator in the place of qmail-local, started for each letter under the uid of the
// recipient as qmail-lspawn has always done it.
#include "carry_out.h"
#include "program.h"
#include "steps.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

mail::Verdict verdict_of(int status) {
  if (!WIFEXITED(status)) return mail::Verdict::kDeferred;
  switch (WEXITSTATUS(status)) {
    case 0:
      return mail::Verdict::kDelivered;
    case 71:
    case 74:
    case 75:
    case 111:
    case 112:
    case 113:
    case 115:
    case 116:
    case 117:
    case 118:
    case 119:
    case 120:
    case 121:
    case 122:
    case 127:
      return mail::Verdict::kDeferred;
    default:
      return mail::Verdict::kFailed;
  }
}

mail::EnhancedCode code_of(mail::Verdict verdict) {
  switch (verdict) {
    case mail::Verdict::kDelivered:
      return {2, 0, 0};
    case mail::Verdict::kDeferred:
      return {4, 3, 0};
    case mail::Verdict::kFailed:
      break;
  }
  return {5, 3, 0};
}

std::string text_of(std::string_view output, int status) {
  std::string text;
  for (const char c : output.substr(0, std::min(output.find('\0'), mail::kMaximumText)))
    text.push_back(c == '\n' ? '/' : static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '_' : c);
  while (text.ends_with('/')) text.pop_back();
  if (!text.empty()) return text;
  return WIFEXITED(status) ? fmt::format("QMAILLOCAL exited with status {}", WEXITSTATUS(status))
                           : fmt::format("QMAILLOCAL was killed by signal {}", WTERMSIG(status));
}

}  // namespace

link::LetterDone run_replacement(const Work& work, const std::string& program) {
  const link::Letter& letter = work.letter;
  link::LetterDone done{letter.token, {}, {}, {}};
  auto message = as_file({}, work.body);
  if (!message) return done.outcome = deferred(message.error()), done;
  ProgramRun run;
  run.arguments = {program, "--"};
  for (const Octets text : {letter.user, letter.home, letter.local, letter.dash, letter.ext, letter.domain,
                            letter.sender, letter.default_delivery, Octets{}})
    run.arguments.emplace_back(text);
  run.environment = os::Environment::current();
  run.message = std::move(*message);
  run.directory = "/";
  run.deadline = work.deadline;
  const auto end = run_program(std::move(run));
  if (!end) return done.outcome = deferred(end.error()), done;
  if (end->stopped) return done.outcome = deferred("The delivery was stopped.", {4, 3, 2}), done;
  if (end->too_long) return done.outcome = deferred("QMAILLOCAL took too long."), done;
  const mail::Verdict verdict = verdict_of(end->status);
  done.outcome = {verdict, mail::Trouble::kNone, 0, code_of(verdict), text_of(end->output, end->status)};
  return done;
}

}  // namespace sluice::mailbox_delivery
