#include "reports.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/queue/envelope_codec.h"
#include "remembered.h"
#include "system/os/clock.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kRetry{10'000};

}  // namespace

Reports::Reports(net::Loop& loop, ipc::Link& intake, store::BodyReader& bodies, Activity& activity, ReportPolicy policy,
                 Done done)
    : loop_(loop),
      intake_(intake),
      bodies_(bodies),
      activity_(activity),
      policy_(std::move(policy)),
      done_(std::move(done)),
      retry_timer_(loop, [this] { retry(); }) {}

mail::FailedMessage Reports::describe(const queue::Image::MessageView& message, std::string& original) {
  mail::FailedMessage failed;
  failed.addressee = mail::report_addressee(message.sender(), policy_.double_bounce_to, policy_.double_bounce_host);
  failed.sender = message.sender();
  failed.arrival = message.arrival();
  if (const auto envelope = queue::decode_envelope(message.envelope())) {
    failed.envelope_id = envelope->envelope_id;
    failed.ret = envelope->ret;
    failed.smtputf8 = envelope->smtputf8;
  }
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (recipient.status != queue::RecipientStatus::kFailed || !mail::wants_failure_report(recipient.notify)) return;
    mail::FailedRecipient failure;
    failure.address = recipient.address;
    failure.original_recipient = recipient.original_recipient;
    failure.outcome.verdict = mail::Verdict::kFailed;
    const Remembered remembered = recall(recipient.text);
    failure.outcome.text = remembered.text;
    failure.outcome.code = remembered.code;
    failed.recipients.push_back(std::move(failure));
  });
  const queue::BodyRef body = message.body();
  original.resize(std::min<std::uint64_t>(body.length, policy_.text.largest_original));
  const auto read = bodies_.read(body, 0, original.data(), original.size());
  original.resize(read ? *read : 0);  // a report without the original is better than none
  failed.original = original;
  failed.complete = original.size() == body.length;
  return failed;
}

void Reports::start(const queue::Image::MessageView& message) {
  const queue::MessageId id = message.id();
  std::string original;
  const mail::FailedMessage failed = describe(message, original);
  if (failed.recipients.empty()) return done_(id, std::nullopt);
  using Kind = mail::Addressee::Kind;
  if (failed.addressee.kind == Kind::kDiscardDouble || failed.addressee.kind == Kind::kDiscardTriple) {
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
      if (failed.addressee.kind == Kind::kDiscardDouble)
        lines.double_bounce_discarded(out, id);
      else
        lines.triple_bounce_discarded(out, id);
    });
    return done_(id, std::nullopt);
  }
  policy_.text.utc_offset = std::chrono::minutes{os::utc_offset_minutes(loop_.wall())};
  mail::FailureReport report =
      mail::failure_report(policy_.text, failed, fmt::format("{}.{}", id.raw(), ::getpid()), loop_.wall());
  mail::Envelope envelope;
  envelope.sender = failed.addressee.sender;
  envelope.recipients.push_back({failed.addressee.recipient, 0, {}});
  envelope.eight_bit = report.eight_bit;
  envelope.smtputf8 = report.smtputf8;
  Pending pending{id, {}, std::move(report.message)};
  queue::encode_envelope(pending.envelope, envelope);
  const std::uint64_t token = ++last_token_;
  pending_.emplace(token, std::move(pending));
  submit(token);
}

void Reports::submit(std::uint64_t token) {
  const Pending& pending = pending_.at(token);
  intake_.send(link::Submit{token, pending.envelope, pending.body});
}

bool Reports::submitted(const link::Submitted& answer) {
  const auto found = pending_.find(answer.token);
  if (found == pending_.end()) return false;
  const queue::MessageId about = found->second.about;
  pending_.erase(found);
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.bounce(out, about, static_cast<std::uint32_t>(::getpid()));
  });
  done_(about, answer.id);
  return true;
}

bool Reports::refused(const link::SubmitRefused& answer) {
  if (!pending_.contains(answer.token)) return false;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_warning(out,
                            fmt::format("a failure report was refused by the queue, trying again: {}", answer.text));
  });
  again_.push_back(answer.token);
  if (!retry_timer_.armed()) retry_timer_.set(loop_.now() + kRetry);
  return true;
}

void Reports::retry() {
  for (const std::uint64_t token : std::exchange(again_, {})) submit(token);
}

}  // namespace sluice::scheduler
