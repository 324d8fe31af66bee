#include "core/schedule/expiry_calendar.h"

namespace sluice::schedule {
namespace {

std::int64_t number_of(MonoTime t, Duration width) {
  const Duration since = t.time_since_epoch();
  return since / width - (since % width < Duration::zero() ? 1 : 0);
}

}  // namespace

void ExpiryCalendar::add(Messages& messages, Index index, Duration age, MonoTime now) {
  Message& message = messages[index];
  // One bucket more, so that what is born long ago falls due by itself instead of in the past.
  const MonoTime birth = std::clamp(message.birth, now - age - width_, now);
  const auto [found, fresh] = by_number_.try_emplace(number_of(birth, width_), kNowhere);
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
    by_number_.erase(bucket.number);
    buckets_.remove(message.bucket);
  }
  message.bucket = kNowhere;
}

void ExpiryCalendar::clear(Messages& messages) {
  while (!by_number_.empty()) remove(messages, buckets_[by_number_.begin()->second].messages.head());
}

std::optional<MonoTime> ExpiryCalendar::due(Duration age) const {
  if (by_number_.empty()) return std::nullopt;
  return MonoTime{width_ * (by_number_.begin()->first + 1)} + age;
}

Index ExpiryCalendar::next(Messages& messages, Duration age, MonoTime now) {
  const auto first = due(age);
  if (!first || *first > now) return kNowhere;
  const Index index = buckets_[by_number_.begin()->second].messages.head();
  remove(messages, index);
  return index;
}

}  // namespace sluice::schedule
