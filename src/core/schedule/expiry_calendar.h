// ExpiryCalendar: which messages reach an age next: the end of their lifetime, or the time to warn of their delay.
// Messages lie in buckets by their time of birth; a message is handed out once, at most the width of a bucket late and
// never early. Costs eight octets a message, and nothing at all until its time comes.
#pragma once

#include <algorithm>
#include <map>
#include <optional>

#include "core/schedule/records.h"

namespace sluice::schedule {

class ExpiryCalendar {
 public:
  explicit ExpiryCalendar(Duration width = std::chrono::minutes{1}) : width_(width) {}
  // A sensible width for an age: a minute, less for ages below an hour.
  static Duration width_for(Duration age) {
    return std::clamp<Duration>(age / 64, std::chrono::seconds{1}, std::chrono::minutes{1});
  }

  // `now` bounds the buckets in use: births in the future count as now, births before now - age as that.
  void add(Messages& messages, Index index, Duration age, MonoTime now);
  void remove(Messages& messages, Index index);  // of a message that was handed out already: nothing
  void clear(Messages& messages);                // takes all out

  // When next() will have one; none: never.
  std::optional<MonoTime> due(Duration age) const;
  // Takes out and returns a message that was born that age and more before `now`, kNowhere if there is no other.
  Index next(Messages& messages, Duration age, MonoTime now);

 private:
  struct Bucket {
    std::int64_t number = 0;  // widths since the epoch of the clock
    List<Message, &Message::calendar> messages;
  };
  Duration width_;
  Slab<Bucket> buckets_;
  std::map<std::int64_t, Index> by_number_;
};

}  // namespace sluice::schedule
