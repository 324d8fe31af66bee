// What became of recipients: recorded, and reported when it is due.
#include <fmt/format.h>

#include <algorithm>

#include "core/mail/transcript.h"
#include "remembered.h"
#include "send.h"

namespace sluice::scheduler {

void Send::settle(const link::Delivered& delivered) {
  const schedule::AttemptId id(delivered.attempt);
  const auto attempt = attempts_.take(id);
  if (!attempt) return;  // a spawner that answers what nobody asked is not worth a restart
  std::vector<mail::Verdict> verdicts;
  mail::Trouble trouble = mail::Trouble::kNone;
  for (const mail::Outcome& outcome : delivered.outcomes) {
    verdicts.push_back(outcome.verdict);
    if (outcome.trouble != mail::Trouble::kNone) trouble = outcome.trouble;
  }
  const schedule::Settled& settled = core_.settle(id, verdicts, trouble, loop_.now());
  const bool done = settled.message_done;
  record_settled(settled, *attempt, delivered.outcomes);
  log_status();
  if (done) complete(attempt->message);
  runs_.look_at(attempt->message);
  if (!done && attempt->reload != reloads_)  // it was under way when the routes changed
    if (const auto message = image().find(attempt->message)) reroute(*message);
  if (stopping_ && attempts_.empty()) return stop_now();
  plan_later();
}

void Send::record_settled(const schedule::Settled& settled, const Attempt& attempt,
                          const std::vector<mail::Outcome>& outcomes) {
  static const mail::Outcome kNoAnswer{mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, "no result"};
  queue::Deferred deferred;
  deferred.id = attempt.message;
  deferred.next_attempt = wall_of(settled.next.value_or(loop_.now()));
  deferred.attempts = static_cast<std::uint16_t>(std::min<std::uint32_t>(attempt.attempts, 0xFFFF));
  std::string deferred_text;
  for (std::size_t i = 0; i < settled.recipients.size(); ++i) {
    const auto& recipient = settled.recipients[i];
    const mail::Outcome& said = outcomes.size() == 1 ? outcomes[0] : i < outcomes.size() ? outcomes[i] : kNoAnswer;
    mail::Outcome outcome = said;
    outcome.verdict = recipient.verdict;
    figures_.count(outcome.verdict);
    runs_.settled(attempt.message, recipient.index, outcome.verdict, outcome);
    if (recipient.too_old) {
      outcome.code = {5, 4, 7};
      outcome.text += " I'm not going to try again; this message has been in the queue too long.";
    }
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
      lines.delivery(out, attempt.first_delivery + i, outcome.verdict, outcome.text);
    });
    if (outcome.verdict == mail::Verdict::kDelivered) {
      record_delivered(attempt, recipient.index, outcome);
      continue;
    }
    const std::string text = remember(outcome);
    if (outcome.verdict == mail::Verdict::kFailed) {
      ledger_.record(queue::Settled{attempt.message, recipient.index, outcome.verdict, text, {}});
      continue;
    }
    if (!deferred.recipients.empty() && text != deferred_text) {
      ledger_.record(deferred);
      deferred.recipients.clear();
    }
    deferred_text = text;
    deferred.text = deferred_text;
    deferred.recipients.push_back(recipient.index);
  }
  if (!deferred.recipients.empty()) ledger_.record(deferred);
}

// More than the bare fact is kept only where a report of success will tell it.
void Send::record_delivered(const Attempt& attempt, std::uint32_t recipient, const mail::Outcome& outcome) {
  queue::Settled delivered{attempt.message, recipient, mail::Verdict::kDelivered, {}, mail::Reached::kMailbox};
  std::string text;
  if (std::binary_search(attempt.report_success.begin(), attempt.report_success.end(), recipient)) {
    delivered.reached = outcome.reached;
    if (outcome.reached != mail::Reached::kReporter) text = remember(outcome);
    delivered.text = text;
  }
  ledger_.record(delivered);
}

void Send::expire(const schedule::Expired& expired, std::span<const std::uint32_t> recipients) {
  for (const std::uint32_t index : recipients) {
    const auto message = image().find(expired.message);
    if (!message) return;
    std::string last, address;
    message->each_recipient([&](const queue::Image::RecipientView& recipient) {
      if (recipient.index != index) return;
      last = recall(recipient.text).text;
      address = recipient.address;
    });
    mail::Outcome outcome;
    outcome.verdict = mail::Verdict::kFailed;
    outcome.code = {5, 4, 7};
    figures_.count(mail::Verdict::kFailed);
    outcome.text = expired.given_up ? fmt::format("This message is returned to its sender by an order. {}", last)
                                    : fmt::format("This message has been in the queue too long. {}", last);
    runs_.settled(expired.message, index, mail::Verdict::kFailed, outcome);
    if (const std::uint64_t watcher = runs_.watcher_of(expired.message))
      runs_.transcript(watcher, mail::transcript::result(address, outcome));
    ledger_.record(queue::Settled{expired.message, index, mail::Verdict::kFailed, remember(outcome), {}});
  }
  if (expired.message_done) complete(expired.message);
  runs_.look_at(expired.message);
}

void Send::complete(queue::MessageId id) {
  if (const auto message = image().find(id)) {
    if (message->bounce())
      finish(id, std::nullopt);  // its report was queued before a crash
    else
      reports_.complete(*message);
  }
}

void Send::finish(queue::MessageId id, std::optional<queue::MessageId> report) {
  if (report) ledger_.record(queue::Bounced{id, *report});
  ledger_.record(queue::Finished{id});
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.end_message(out, id); });
}

void Send::warn(queue::MessageId id) {
  if (const auto message = image().find(id)) reports_.warn(*message);
}

}  // namespace sluice::scheduler
