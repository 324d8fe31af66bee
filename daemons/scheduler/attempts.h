// Attempts: what is in flight, by the number that the scheduler core gave it, and which journal segments they read.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/queue/message.h"
#include "core/schedule/views.h"

namespace sluice::scheduler {

struct Attempt {
  queue::MessageId message;
  std::uint32_t attempts = 1;                 // of its recipients, this one included
  std::uint64_t first_delivery = 0;           // number in the activity record of its first recipient; the others follow
  std::vector<std::uint32_t> recipients;      // indexes in the envelope
  queue::BodyRef body;                        // where the spawner was told to read
  std::uint32_t reload = 0;                   // how often the routes had been read again when it began
  std::vector<std::uint32_t> report_success;  // of the recipients, ascending: those with NOTIFY=SUCCESS
  queue::Channel channel = queue::Channel::kRemote;
};

class Attempts {
 public:
  void add(schedule::AttemptId id, Attempt attempt);
  const Attempt* find(schedule::AttemptId id) const;
  std::optional<Attempt> take(schedule::AttemptId id);
  bool empty() const { return attempts_.empty(); }
  std::size_t size() const { return attempts_.size(); }
  bool reads(std::uint64_t segment) const { return readers_.contains(segment); }
  // In the order in which they began.
  std::vector<schedule::AttemptId> of_channel(queue::Channel channel) const;
  // Recipients of `message` that are in flight.
  std::vector<std::uint32_t> recipients_of(queue::MessageId message) const;

 private:
  boost::unordered_flat_map<schedule::AttemptId, Attempt, std::hash<schedule::AttemptId>> attempts_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> readers_;  // attempts by journal segment
};

}  // namespace sluice::scheduler
