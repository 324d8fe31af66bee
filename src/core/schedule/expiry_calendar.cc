#include "core/schedule/expiry_calendar.h"

#include <algorithm>

namespace sluice::schedule {
namespace {

std::int64_t minute_of(MonoTime t) { return std::chrono::floor<std::chrono::minutes>(t).time_since_epoch().count(); }

MonoTime end_of(std::int64_t minute) { return MonoTime{std::chrono::minutes{minute + 1}}; }

}  // namespace

void ExpiryCalendar::add(Messages& messages, Index index, Duration lifetime, MonoTime now) {
  Message& message = messages[index];
  // One minute more, so that what is born long ago falls due by itself instead of in the past.
  const MonoTime birth = std::clamp(message.birth, now - lifetime - std::chrono::minutes{1}, now);
  const auto [found, fresh] = minutes_.try_emplace(minute_of(birth), kNowhere);
  if (fresh) found->second = buckets_.add({found->first, {}});
  message.bucket = found->second;
  buckets_[message.bucket].messages.push_back(messages, index);
}

void ExpiryCalendar::remove(Messages& messages, Index index) {
  Message& message = messages[index];
  if (message.bucket == kNowhere) return;
  Bucket& bucket = buckets_[message.bucket];
  bucket.messages.erase(messages, index);
  if (bucket.messages.empty()) {
    minutes_.erase(bucket.minute);
    buckets_.remove(message.bucket);
  }
  message.bucket = kNowhere;
}

void ExpiryCalendar::clear(Messages& messages) {
  while (!minutes_.empty()) remove(messages, buckets_[minutes_.begin()->second].messages.head());
}

std::optional<MonoTime> ExpiryCalendar::due(Duration lifetime) const {
  if (minutes_.empty()) return std::nullopt;
  return end_of(minutes_.begin()->first) + lifetime;
}

Index ExpiryCalendar::next(Messages& messages, Duration lifetime, MonoTime now) {
  const auto first = due(lifetime);
  if (!first || *first > now) return kNowhere;
  const Index index = buckets_[minutes_.begin()->second].messages.head();
  remove(messages, index);
  return index;
}

}  // namespace sluice::schedule
