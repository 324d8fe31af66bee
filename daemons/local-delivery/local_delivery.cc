#include "local_delivery.h"

#include <unistd.h>

#include "core/mail/address.h"
#include "core/mail/transcript.h"

namespace sluice::local_delivery {

namespace {

// Of two outcomes for one recipient the one that counts: what has to be done again, then what cannot be done.
int weight(mail::Verdict verdict) {
  switch (verdict) {
    case mail::Verdict::kDelivered:
      return 0;
    case mail::Verdict::kFailed:
      return 1;
    case mail::Verdict::kDeferred:
      break;
  }
  return 2;
}

void add(mail::Outcome& sum, mail::Outcome outcome) {
  if (weight(outcome.verdict) < weight(sum.verdict)) return;
  // An alias that led to addresses elsewhere has been expanded, whoever else it named.
  const mail::Reached reached = sum.reached == mail::Reached::kMailbox ? outcome.reached : sum.reached;
  sum = std::move(outcome);
  sum.reached = reached;
}

}  // namespace

LocalDelivery::LocalDelivery(net::Loop& loop, OwnerSearch owners, WorkerProcess::Environment environment,
                             WorkerPool::Limits limits, os::Fd scheduler)
    : loop_(loop),
      owners_(std::move(owners)),
      workers_(loop, std::move(environment), limits,
               [this](const Job& job, link::LetterDone done) { finished(job, std::move(done)); }),
      scheduler_(loop, std::move(scheduler),
                 {.role = link::Role::kLocalDelivery, .pid = static_cast<std::uint32_t>(::getpid()), .limit = kLimit},
                 {nullptr, [this](const link::Frame& frame) { return take(frame); },
                  [&loop](const std::string&) { loop.stop(); }}) {}

bool LocalDelivery::take(const link::Frame& frame) {
  if (frame.type == link::FrameType::kReload) return true;  // its settings count after a restart
  auto decoded = link::Deliver::decode(frame.payload);
  if (frame.type != link::FrameType::kDeliver || !decoded || decoded->envelope.recipients.empty()) return false;
  const auto deliver = std::make_shared<const link::Deliver>(std::move(*decoded));
  const std::size_t recipients = deliver->envelope.recipients.size();
  const bool watched = deliver->watcher != 0;
  const auto made = attempts_.emplace(
      deliver->attempt, Attempt{std::vector<mail::Outcome>(recipients), recipients, watched ? deliver : nullptr});
  if (!made.second) return false;
  if (watched)
    scheduler_.send(link::Transcript{deliver->watcher,
                                     mail::transcript::connecting(deliver->envelope.recipients, "local", {}, false)});
  for (std::size_t i = 0; i < recipients; ++i) {
    const std::uint64_t part = ++last_number_;
    parts_.emplace(part, Part{deliver->attempt, i, 1, {mail::Verdict::kDelivered, {}, 0, {2, 0, 0}, {}}});
    start(part, deliver, i, std::string(mail::local_part_of(deliver->envelope.recipients[i].address)),
          deliver->envelope.sender, OwnerSearch::Among::kAll);
  }
  return true;
}

void LocalDelivery::start(std::uint64_t part, const std::shared_ptr<const link::Deliver>& deliver,
                          std::size_t recipient, const std::string& local, const std::string& sender,
                          OwnerSearch::Among among) {
  auto to = owners_.find(local, among, loop_.now());
  if (!to) return settle(part, std::move(to.error()));
  const std::uint64_t number = ++last_number_;
  jobs_.emplace(number, part);
  workers_.deliver({number, deliver, recipient, std::move(*to), local, sender});
}

void LocalDelivery::finished(const Job& job, link::LetterDone done) {
  const auto found = jobs_.find(job.number);
  if (found == jobs_.end()) return;
  const std::uint64_t part = found->second;
  jobs_.erase(found);
  if (done.outcome.verdict == mail::Verdict::kDelivered && !done.onward.empty()) {
    parts_.at(part).unfinished += done.onward.size();
    for (const std::string& user : done.onward)
      start(part, job.deliver, job.recipient, user, done.onward_sender, OwnerSearch::Among::kUsers);
  }
  settle(part, std::move(done.outcome));
}

void LocalDelivery::settle(std::uint64_t number, mail::Outcome outcome) {
  Part& part = parts_.at(number);
  add(part.outcome, std::move(outcome));
  if (--part.unfinished > 0) return;
  const Part finished = std::move(part);
  parts_.erase(number);
  const auto attempt = attempts_.find(finished.attempt);
  attempt->second.outcomes[finished.recipient] = finished.outcome;
  if (--attempt->second.unfinished > 0) return;
  if (const auto& deliver = attempt->second.watched)
    for (std::size_t i = 0; i < deliver->envelope.recipients.size(); ++i)
      scheduler_.send(link::Transcript{
          deliver->watcher,
          mail::transcript::result(deliver->envelope.recipients[i].address, attempt->second.outcomes[i])});
  scheduler_.send(link::Delivered{attempt->first, attempt->second.outcomes});
  attempts_.erase(attempt);
}

}  // namespace sluice::local_delivery
