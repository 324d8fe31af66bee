#include "local_delivery.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/mail/address.h"
#include "system/store/layout.h"

namespace sluice::local_delivery {

namespace {

mail::Outcome deferred(std::string text) {
  return {mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, std::move(text) + " (#4.3.0)"};
}

}  // namespace

LocalDelivery::LocalDelivery(net::Loop& loop, std::unique_ptr<store::BodyReader> bodies, Place place, os::Fd scheduler)
    : loop_(loop),
      bodies_(std::move(bodies)),
      place_(std::move(place)),
      scheduler_(loop, std::move(scheduler),
                 {.role = link::Role::kLocalDelivery, .pid = static_cast<std::uint32_t>(::getpid()), .limit = kLimit},
                 {nullptr, [this](const link::Frame& frame) { return take(frame); },
                  [&loop](const std::string&) { loop.stop(); }}) {}

bool LocalDelivery::take(const link::Frame& frame) {
  if (frame.type == link::FrameType::kReload) return true;  // its settings count after a restart
  auto deliver = link::Deliver::decode(frame.payload);
  if (frame.type != link::FrameType::kDeliver || !deliver || deliver->envelope.recipients.empty()) return false;
  const std::uint64_t attempt = deliver->attempt;
  if (!attempts_.emplace(attempt, Attempt{std::move(*deliver), {}}).second) return false;
  next_recipient(attempt);
  return true;
}

void LocalDelivery::next_recipient(std::uint64_t number) {
  Attempt& attempt = attempts_.at(number);
  while (attempt.outcomes.size() < attempt.deliver.envelope.recipients.size()) {
    bool running = false;
    mail::Outcome outcome = start(number, attempt, attempt.outcomes.size(), running);
    if (running) return;
    attempt.outcomes.push_back(std::move(outcome));
  }
  scheduler_.send(link::Delivered{number, attempt.outcomes});
  attempts_.erase(number);
}

// The message for one recipient: read here if it is small, so that the child needs no way to anybody else's mail.
Result<Letter, std::string> LocalDelivery::letter_of(const link::Deliver& deliver, std::size_t recipient) {
  Letter letter;
  letter.sender = deliver.envelope.sender;
  letter.recipient = deliver.envelope.recipients[recipient].address;
  letter.line_form = deliver.envelope.line_form;
  letter.host = place_.host;
  letter.sequence = ++sequence_;
  if (deliver.body.storage == queue::BodyRef::Storage::kFile) {
    const std::string path = store::body_path(place_.queue_directory, deliver.body.segment, place_.split);
    letter.file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!letter.file) return fail(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
    return letter;
  }
  if (deliver.body.length > link::kLargeBody) return fail(std::string("a body in the journal is too large"));
  letter.body.resize(deliver.body.length);
  const auto read = bodies_->read(deliver.body, 0, letter.body.data(), letter.body.size());
  if (!read) return fail(read.error().what);
  if (*read != letter.body.size()) return fail(std::string("a body in the journal is cut short"));
  return letter;
}

mail::Outcome LocalDelivery::start(std::uint64_t attempt, const Attempt& work, std::size_t recipient, bool& running) {
  const auto owner = mailbox_owner(work.deliver.envelope.recipients[recipient].address,
                                   place_.maildir.starts_with('/') ? Home::kUnused : Home::kNeeded);
  if (!owner) return owner.error();
  auto letter = letter_of(work.deliver, recipient);
  if (!letter) return deferred(letter.error());
  auto child = start_delivery(*owner, place_.maildir, std::move(*letter));
  if (!child) return deferred(fmt::format("Unable to start a delivery: {}.", std::strerror(child.error())));
  running = true;
  const std::uint64_t number = sequence_;
  auto report = net::Stream::adopt(loop_, std::move(child->report));
  running_.emplace(number, Running{attempt, recipient, child->pid, report, {}});
  report->start({[this, number](Octets octets) {
                   Running& one = running_.at(number);
                   if (one.said.size() <= mail::kMaximumText + 64) one.said.append(octets);
                   return octets.size();
                 },
                 [this, number](int) { ended(number); }});
  return {};
}

void LocalDelivery::ended(std::uint64_t number) {
  const Running one = std::move(running_.at(number));
  running_.erase(number);
  // It closed its end by ending, so this does not wait.
  while (::waitpid(one.pid, nullptr, 0) < 0 && errno == EINTR) continue;
  auto outcome = read_report(one.said);
  const auto found = attempts_.find(one.attempt);
  if (found == attempts_.end()) return;
  found->second.outcomes.push_back(outcome ? std::move(*outcome) : deferred("The delivery died."));
  next_recipient(one.attempt);
}

}  // namespace sluice::local_delivery
