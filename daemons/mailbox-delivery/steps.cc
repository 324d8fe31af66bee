#include "steps.h"

#include "core/local/program_environment.h"
#include "core/local/program_result.h"
#include "program.h"
#include "system/mbox/mailbox.h"
#include "system/os/clock.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr const char* kShell = "/bin/sh";

mbox::Patience patience() { return {}; }

}  // namespace

Steps::Steps(const Work& work, std::string new_sender, std::optional<std::string> default_part)
    : work_(work), new_sender_(std::move(new_sender)), default_part_(std::move(default_part)) {
  header_ = header_for(work.letter);
}

Steps::Done Steps::take(const local::Instruction& instruction) {
  if (const auto* maildir = std::get_if<local::Maildir>(&instruction.action)) return {false, put_into(*maildir)};
  if (const auto* mbox = std::get_if<local::Mbox>(&instruction.action)) return {false, put_into(*mbox)};
  if (const auto* program = std::get_if<local::Program>(&instruction.action)) return run(*program);
  return {};  // addresses are gathered by the caller
}

std::optional<mail::Outcome> Steps::put_into(const local::Maildir& maildir) {
  maildir::Letter letter;
  letter.header = header_;
  letter.line_form = work_.body.line_form();
  const auto done = maildir::deliver(maildir.path, maildir::Missing::kCreate, letter,
                                     {work_.setup.host, ++work_.sequence}, work_.body.read());
  if (!done) return mailbox::to_outcome(done.error());
  ++counts_.files;
  return std::nullopt;
}

std::optional<mail::Outcome> Steps::put_into(const local::Mbox& mbox) {
  mbox::Letter letter;
  letter.sender = work_.letter.sender;
  letter.when = os::wall_now();
  letter.header = header_;
  letter.line_form = work_.body.line_form();
  const auto done = mbox::deliver(mbox.path, letter, work_.body.read(), patience());
  if (!done) return mailbox::to_outcome(done.error());
  ++counts_.files;
  return std::nullopt;
}

os::Environment base_environment() {
  const os::Environment ours = os::Environment::current();
  os::Environment environment;
  environment.set("PATH", ours.find("PATH").value_or("/usr/local/bin:/usr/bin:/bin"));
  environment.set("SHELL", kShell);
  for (const char* name : {"SLUICE_HOME", "SLUICE_OPTIONS"})
    if (const auto value = ours.find(name)) environment.set(name, *value);
  return environment;
}

os::Environment Steps::environment() const {
  const link::Letter& letter = work_.letter;
  local::DeliveryFacts facts;
  facts.sender = letter.sender;
  facts.new_sender = new_sender_;
  facts.local = letter.local;
  facts.host = letter.domain;
  facts.user = letter.user;
  facts.home = letter.home;
  facts.ext = letter.ext;
  facts.default_part = default_part_;
  facts.started = os::wall_now();
  os::Environment environment = base_environment();
  environment.set("LOGNAME", letter.user);
  for (const auto& [name, value] : local::program_environment(facts)) environment.set(name, value);
  return environment;
}

Steps::Done Steps::run(const local::Program& program) {
  // The program sees what a mailbox would hold, without the lines that DTLINE and RPLINE give it.
  auto message = as_file({}, work_.body);
  if (!message) return {false, deferred(message.error())};
  const auto end =
      run_program({{kShell, "-c", program.command}, environment(), std::move(*message), {}, work_.deadline});
  if (!end) return {false, deferred(end.error())};
  if (end->stopped) return {false, deferred("The delivery was stopped.", {4, 3, 2})};
  if (end->too_long) return {false, deferred("A program of the recipient took too long.")};
  switch (local::verdict_of_status(end->status)) {
    case local::ProgramVerdict::kDefer:
    case local::ProgramVerdict::kFail:
      return {false, local::program_outcome(end->status, end->output)};
    case local::ProgramVerdict::kStop:
    case local::ProgramVerdict::kGoOn:
      break;
  }
  ++counts_.programs;
  said_ += end->output;
  return {local::verdict_of_status(end->status) == local::ProgramVerdict::kStop, std::nullopt};
}

}  // namespace sluice::mailbox_delivery
