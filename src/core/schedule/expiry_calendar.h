// ExpiryCalendar: which messages reach an age next: the end of their lifetime, or the time to warn of their delay.
// Messages lie in buckets of one minute of birth; a message is handed out once, at most one minute late and never
// early. Costs eight octets a message, and nothing at all until its minute comes.
#pragma once

#include <map>
#include <optional>

#include "core/schedule/records.h"

namespace sluice::schedule {

class ExpiryCalendar {
 public:
  // `now` bounds the minutes in use: births in the future count as now, births before now - lifetime as that.
  void add(Messages& messages, Index index, Duration lifetime, MonoTime now);
  void remove(Messages& messages, Index index);  // of a message that was handed out already: nothing
  void clear(Messages& messages);                // takes all out

  // When next() will have one; none: never.
  std::optional<MonoTime> due(Duration lifetime) const;
  // Takes out and returns a message that was born a lifetime and more before `now`, kNowhere if there is no other.
  Index next(Messages& messages, Duration lifetime, MonoTime now);

 private:
  struct Bucket {
    std::int64_t minute = 0;
    List<Message, &Message::calendar> messages;
  };
  Slab<Bucket> buckets_;
  std::map<std::int64_t, Index> minutes_;
};

}  // namespace sluice::schedule
