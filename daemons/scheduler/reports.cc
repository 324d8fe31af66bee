#include "reports.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/queue/envelope_codec.h"
#include "due_reports.h"
#include "system/os/clock.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kRetry{10'000};
constexpr std::size_t kPiece = 64u << 10;

std::uint32_t own_pid() { return static_cast<std::uint32_t>(::getpid()); }

}  // namespace

Reports::Reports(net::Loop& loop, Neighbour& intake, store::BodyReader& bodies, Activity& activity, ReportPolicy policy,
                 Callbacks callbacks)
    : loop_(loop),
      intake_(intake),
      bodies_(bodies),
      activity_(activity),
      policy_(std::move(policy)),
      callbacks_(std::move(callbacks)),
      retry_timer_(loop, [this] { retry(); }) {}

mail::Addressee Reports::addressee_of(const queue::Image::MessageView& message) const {
  return mail::report_addressee(message.sender(), policy_.double_bounce_to, policy_.double_bounce_host);
}

// Everything but the recipients. The original is put into `original`.
mail::ReportedMessage Reports::describe(const queue::Image::MessageView& message, std::string& original) const {
  mail::ReportedMessage reported;
  reported.addressee = addressee_of(message);
  reported.sender = message.sender();
  reported.arrival = message.arrival();
  if (const auto envelope = queue::decode_envelope(message.envelope())) {
    reported.envelope_id = envelope->envelope_id;
    reported.ret = envelope->ret;
    reported.smtputf8 = envelope->smtputf8;
  }
  const queue::BodyRef body = message.body();
  original.resize(std::min<std::uint64_t>(body.length, policy_.text.needed()));
  const auto read = bodies_.read(body, 0, original.data(), original.size());
  original.resize(read ? *read : 0);  // a report without the original is better than none
  reported.original = original;
  reported.complete = original.size() == body.length;
  return reported;
}

void Reports::complete(const queue::Image::MessageView& message) {
  using AddresseeKind = mail::Addressee::Kind;
  const queue::MessageId id = message.id();
  // A warning that the queue refused so far comes too late.
  std::erase_if(again_, [&](std::uint64_t token) {
    const auto found = pending_.find(token);
    if (found->second.kind != Kind::kWarning || found->second.about != id) return false;
    pending_.erase(found);
    return true;
  });
  const AddresseeKind addressee = addressee_of(message).kind;
  auto recipients = settled_recipients(message, addressee, policy_.router);
  if (recipients.empty()) return callbacks_.completed(id, std::nullopt);
  if (addressee == AddresseeKind::kDiscardDouble || addressee == AddresseeKind::kDiscardTriple) {
    discard(id, addressee);
    return callbacks_.completed(id, std::nullopt);
  }
  std::string original;
  mail::ReportedMessage reported = describe(message, original);
  reported.recipients = std::move(recipients);
  send(id, reported.says(mail::Action::kFailed) ? Kind::kFailure : Kind::kSuccess, reported);
}

void Reports::warn(const queue::Image::MessageView& message) {
  const queue::MessageId id = message.id();
  auto recipients = delayed_recipients(message, message.arrival() + policy_.lifetime, policy_.router);
  if (recipients.empty() || addressee_of(message).kind != mail::Addressee::Kind::kReport)
    return callbacks_.warned(id, std::nullopt);
  std::string original;
  mail::ReportedMessage reported = describe(message, original);
  if (mail::is_bulk(reported.original)) return callbacks_.warned(id, std::nullopt);
  reported.recipients = std::move(recipients);
  send(id, Kind::kWarning, reported);
}

void Reports::discard(queue::MessageId about, mail::Addressee::Kind kind) {
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    if (kind == mail::Addressee::Kind::kDiscardDouble)
      lines.double_bounce_discarded(out, about);
    else
      lines.triple_bounce_discarded(out, about);
  });
}

void Reports::send(queue::MessageId about, Kind kind, const mail::ReportedMessage& reported) {
  policy_.text.utc_offset = std::chrono::minutes{os::utc_offset_minutes(loop_.wall())};
  const std::uint64_t token = ++last_token_;
  const std::string unique = fmt::format("{}.{}.{}", about.raw(), own_pid(), token);
  mail::DeliveryReport report = mail::delivery_report(policy_.text, reported, unique, loop_.wall());
  mail::Envelope envelope;
  envelope.sender = reported.addressee.sender;
  envelope.recipients.push_back({reported.addressee.recipient, 0, {}});
  envelope.eight_bit = report.eight_bit;
  envelope.smtputf8 = report.smtputf8;
  Pending pending{about, kind, {}, std::move(report.message)};
  queue::encode_envelope(pending.envelope, envelope);
  pending_.emplace(token, std::move(pending));
  submit(token);
}

void Reports::submit(std::uint64_t token) {
  const Pending& pending = pending_.at(token);
  if (pending.body.size() <= link::kLargeBody) {
    intake_.send(link::Submit{token, pending.envelope, pending.body});
    return;
  }
  intake_.send(link::SubmitOpen{token, pending.envelope});
  for (Octets rest = pending.body; !rest.empty(); rest.remove_prefix(std::min(kPiece, rest.size())))
    intake_.send(link::SubmitData{token, rest.substr(0, kPiece)});
  intake_.send(link::SubmitEnd{token});
}

void Reports::done(const Pending& pending, std::optional<queue::MessageId> report) {
  (pending.kind == Kind::kWarning ? callbacks_.warned : callbacks_.completed)(pending.about, report);
}

bool Reports::submitted(const link::Submitted& answer) {
  const auto found = pending_.find(answer.token);
  if (found == pending_.end()) return false;
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    switch (pending.kind) {
      case Kind::kFailure:
        return lines.bounce(out, pending.about, own_pid());
      case Kind::kSuccess:
        return lines.notice(out, pending.about, own_pid());
      case Kind::kWarning:
        return lines.warning(out, pending.about, own_pid());
    }
  });
  done(pending, answer.id);
  return true;
}

bool Reports::refused(const link::SubmitRefused& answer) {
  if (!pending_.contains(answer.token)) return false;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_warning(out, fmt::format("a report was refused by the queue, trying again: {}", answer.text));
  });
  again_.push_back(answer.token);
  if (!retry_timer_.armed()) retry_timer_.set(loop_.now() + kRetry);
  return true;
}

void Reports::submit_again() {
  again_.clear();
  for (const auto& [token, pending] : pending_) again_.push_back(token);
  std::sort(again_.begin(), again_.end());
  retry();
}

void Reports::retry() {
  for (const std::uint64_t token : std::exchange(again_, {})) submit(token);
}

}  // namespace sluice::scheduler
