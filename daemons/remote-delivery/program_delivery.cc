#include "program_delivery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/mail/transcript.h"

namespace sluice::remote {

namespace {

constexpr const char* kDirectory = "/tmp";

mail::Outcome unable(const std::string& why, int code = 0) {
  const bool shortage = code == EAGAIN || code == ENOMEM || code == EMFILE || code == ENFILE;
  return {mail::Verdict::kDeferred,
          shortage ? mail::Trouble::kBusy : mail::Trouble::kNone,
          0,
          {4, 3, 0},
          fmt::format("The program for remote deliveries was unable to run: {}. (#4.3.0)", why)};
}

os::Environment environment_for(queue::MessageId id) {
  const os::Environment ours = os::Environment::current();
  os::Environment theirs;
  for (const char* name : {"PATH", "SLUICE_HOME", "CONTROLDIR", "QUEUEDIR"})
    if (const auto value = ours.find(name)) theirs.set(name, *value);
  theirs.set("MESSID", std::to_string(id.raw()));
  return theirs;
}

}  // namespace

ProgramDelivery::ProgramDelivery(Means means, link::Deliver order, Done done)
    : means_(std::move(means)),
      order_(std::move(order)),
      done_(std::move(done)),
      turn_(means_.loop, [this] { go_on(); }) {
  turn_.set_after(Duration{0});
}

void ProgramDelivery::go_on() {
  if (!body_) {
    auto made = BodyFile::make(kDirectory);
    if (!made) return fail_rest(unable(made.error(), errno));
    body_ = std::move(*made);
  }
  const auto filled = body_->fill_more(means_.bodies, order_.body, order_.envelope.line_form, means_.piece);
  if (!filled) return fail_rest(unable(filled.error()));
  if (*filled == BodyFile::Filled::kMore) return turn_.set_after(Duration{0});
  next_recipient();
}

void ProgramDelivery::next_recipient() {
  run_.reset();
  const auto& recipients = order_.envelope.recipients;
  if (outcomes_.size() == recipients.size()) return fail_rest(unable("no recipient"));
  auto run = start(recipients[outcomes_.size()].address);
  if (!run) return fail_rest(std::move(run.error()));
  run_ = std::move(*run);
}

Result<std::unique_ptr<ProgramRun>, mail::Outcome> ProgramDelivery::start(const std::string& recipient) {
  const auto message = body_->from_start();
  if (!message) return fail(unable(message.error()));
  os::Program program;
  program.path = means_.program;
  program.arguments = {"qmail-remote",
                       std::string(mail::domain_of(recipient)),
                       order_.envelope.sender,
                       "",
                       std::to_string(body_->size()),
                       recipient};
  program.environment = environment_for(order_.id);
  program.descriptors = {{*message, STDIN_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  program.directory = "/";
  auto run = ProgramRun::start(means_.loop, std::move(program), means_.limit,
                               [this](const std::string& output, mail::ProgramEnd end) {
                                 outcomes_.push_back(mail::read_remote_report(output, end));
                                 if (outcomes_.size() < order_.envelope.recipients.size()) return next_recipient();
                                 finish();
                               });
  if (!run) return fail(unable(run.error().what, run.error().code));
  return std::move(*run);
}

// The recipients that were not come to yet have this outcome.
void ProgramDelivery::fail_rest(mail::Outcome outcome) {
  outcomes_.resize(std::max<std::size_t>(order_.envelope.recipients.size(), 1), outcome);
  finish();
}

void ProgramDelivery::tell_start(const Say& say) const {
  if (order_.watcher == 0) return;
  say(order_.watcher,
      mail::transcript::connecting(order_.envelope.recipients, order_.destination, "qmail-remote", false));
}

void ProgramDelivery::tell_results(const Say& say, const std::vector<mail::Outcome>& outcomes) const {
  if (order_.watcher == 0) return;
  const auto& recipients = order_.envelope.recipients;
  for (std::size_t i = 0; i < std::min(recipients.size(), outcomes.size()); ++i)
    say(order_.watcher, mail::transcript::result(recipients[i].address, outcomes[i]));
}

void ProgramDelivery::finish() {
  const Done done = done_;  // outlives us
  done(*this, std::move(outcomes_));
}

}  // namespace sluice::remote
