#include "attempts.h"

#include <algorithm>

namespace sluice::scheduler {

void Attempts::add(schedule::AttemptId id, Attempt attempt) {
  if (attempt.body.storage == queue::BodyRef::Storage::kJournal) ++readers_[attempt.body.segment];
  attempts_.emplace(id, std::move(attempt));
}

const Attempt* Attempts::find(schedule::AttemptId id) const {
  const auto found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second;
}

std::optional<Attempt> Attempts::take(schedule::AttemptId id) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end()) return std::nullopt;
  Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  if (attempt.body.storage == queue::BodyRef::Storage::kJournal) {
    const auto readers = readers_.find(attempt.body.segment);
    if (--readers->second == 0) readers_.erase(readers);
  }
  return attempt;
}

std::vector<schedule::AttemptId> Attempts::of_channel(queue::Channel channel) const {
  std::vector<schedule::AttemptId> ids;
  for (const auto& [id, attempt] : attempts_)
    if (attempt.channel == channel) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<std::uint32_t> Attempts::recipients_of(queue::MessageId message) const {
  std::vector<std::uint32_t> recipients;
  for (const auto& [id, attempt] : attempts_)
    if (attempt.message == message)
      recipients.insert(recipients.end(), attempt.recipients.begin(), attempt.recipients.end());
  return recipients;
}

}  // namespace sluice::scheduler
