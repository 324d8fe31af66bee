// Recipients that belong to another queue group: attempts in the channel kGroup, whose destination is the group. What
// was handed over is recorded as done here once it is durable there; a crash in between hands it over again. A copy is
// as old as the message, and whoever submitted that submitted it too: its lifetime does not begin anew. A copy
// says that it was handed over, so that queues which do not agree about groups (settings that were read at different
// times) do not send it to and fro.
#include <fmt/format.h>

#include <algorithm>

#include "base/invariant.h"
#include "core/queue/envelope_codec.h"
#include "send.h"

namespace sluice::scheduler {

void Send::hand_over(const schedule::Start& start, std::span<const std::uint32_t> recipients) {
  const auto message = image().find(start.message);
  auto envelope = message ? queue::decode_envelope(message->envelope()) : fail(queue::EnvelopeError::kTruncated);
  invariant(envelope.has_value(), "the scheduler core starts an attempt of a message that the image holds whole");
  const auto all = std::exchange(envelope->recipients, {});
  for (const std::uint32_t index : recipients) {
    envelope->recipients.push_back(all[index]);
    // It is routed again there, from what was written.
    if (message->state(index).channel == queue::Channel::kLocal)
      envelope->recipients.back().address = settings_.reports.router.without_prefix(all[index].address);
  }
  envelope->in_place = true;
  envelope->warned = message->warned();
  // Nobody waits for the copy.
  if (envelope->mode == mail::DeliveryMode::kInteractive) envelope->mode = mail::DeliveryMode::kBackground;
  Attempt attempt;
  attempt.message = start.message;
  attempt.attempts = start.attempts;
  attempt.recipients = {recipients.begin(), recipients.end()};
  attempt.body = message->body();
  attempt.reload = reloads_;
  attempt.channel = queue::Channel::kGroup;
  const link::SubmitFor whom{message->uid(), message->pid(), message->arrival()};
  OtherGroups::Copy copy{std::string(start.lane.destination), {}, attempt.body, whom};
  queue::encode_envelope(copy.envelope, *envelope);
  attempts_.add(start.attempt, std::move(attempt));
  other_groups_.begin(start.attempt, std::move(copy));
}

void Send::handed_over(schedule::AttemptId id, const std::string& group, const ipc::Submitter::Answer& answer) {
  const auto attempt = attempts_.take(id);
  if (!attempt) return;
  bool done = false;
  if (answer) {
    other_groups_.works(group);
    const std::vector<mail::Verdict> verdicts(attempt->recipients.size(), mail::Verdict::kDelivered);
    done = core_.settle(id, verdicts, mail::Trouble::kNone, loop_.now()).message_done;
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::kDelivered;
    outcome.text = fmt::format("handed over to queue group {} as {}", group, answer->raw());
    for (const std::uint32_t recipient : attempt->recipients)
      runs_.settled(attempt->message, recipient, outcome.verdict, outcome);
    // What becomes of them is reported from there.
    for (const std::uint32_t recipient : attempt->recipients)
      ledger_.record(
          queue::Settled{attempt->message, recipient, mail::Verdict::kDelivered, {}, mail::Reached::kReporter});
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
      lines.split(out, attempt->message, attempt->recipients.size(), *answer, group);
    });
  } else {
    done = not_handed_over(id, *attempt, group, answer.error());
  }
  if (done) complete(attempt->message);
  runs_.look_at(attempt->message);
  if (!done && attempt->reload != reloads_)
    if (const auto message = image().find(attempt->message)) reroute(*message);
  if (stopping_ && attempts_.empty()) return stop_now();
  plan_later();
}

// True: that was the last of the message.
bool Send::not_handed_over(schedule::AttemptId id, const Attempt& attempt, const std::string& group,
                           const ipc::Refusal& refusal) {
  const auto explained = core_.explain(attempt.message);
  const bool old = explained && explained->expires <= loop_.now();
  if (!refusal.permanent && !old) {
    const auto [retry, first] = other_groups_.postpone(group);
    if (first)
      activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
        lines.scheduler_warning(out, fmt::format("msg {} is not handed over to queue group {} yet: {}",
                                                 attempt.message.raw(), group, refusal.text));
      });
    return core_.abandon(id, retry, loop_.now()).message_done;
  }
  mail::Outcome outcome;
  outcome.verdict = refusal.permanent ? mail::Verdict::kFailed : mail::Verdict::kDeferred;
  outcome.code = refusal.permanent ? mail::EnhancedCode{5, 3, 0} : mail::EnhancedCode{4, 3, 0};
  outcome.text = fmt::format("Unable to hand over to queue group {}: {}.", group, refusal.text);
  const std::vector<mail::Verdict> verdicts(attempt.recipients.size(), outcome.verdict);
  const schedule::Settled& settled = core_.settle(id, verdicts, mail::Trouble::kNone, loop_.now());
  const bool done = settled.message_done;
  record_settled(settled, attempt, {outcome});
  return done;
}

}  // namespace sluice::scheduler
