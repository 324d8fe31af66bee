// Matchup: brings together what the activity record says of one delivery, and of one message, in several lines:
// matchup(1). Lines go in one by one; what is complete comes out at once, the rest is kept and can be asked for at the
// end, in a form that can stand in front of the next log.
//
// Two queues may use the same message and delivery numbers: messages are kept by queue and number, deliveries by queue,
// number and QIDENT. Memory grows with what has begun and not ended; one line costs well under a microsecond.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/activity/activity_line.h"

namespace sluice::activity {

class Matchup {
 public:
  // Takes one line, without its line feed, and appends to `out` what it completes:
  //   d R BIRTH START DONE BYTES <SENDER> CHANNEL.RECIPIENT QP UID REASON    one delivery; R is k, z or d
  //   m BIRTH DONE BYTES NK ND NZ <SENDER> QP UID                           one message: successes, failures, deferrals
  //   ? LINE                                                                a line that nobody knows
  // Of a delivery whose message began before the log, BIRTH is START, BYTES 0, and SENDER, QP and UID are "?". Ends
  // without a beginning say nothing. Addresses are in lower case.
  void take(std::string_view line, std::string& out);

  // What has begun and not ended, oldest first: messages with their counts, then deliveries.
  void append_pending(std::string& out) const;

  std::size_t messages() const { return messages_.size(); }
  std::size_t deliveries() const { return deliveries_.size(); }

 private:
  struct Message {
    std::uint64_t order = 0;
    std::string birth, bytes, sender, pid, uid;
    std::uint64_t delivered = 0, failed = 0, deferred = 0;
  };
  struct Delivery {
    std::uint64_t order = 0;
    std::string start, message, channel, recipient;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using ByKey = boost::unordered_flat_map<std::string, Value, Hash, std::equal_to<>>;

  void note(const MessageInfo& info);
  void note(const MessageNew& fresh);
  void note(const MessageEnd& end, std::string& out);
  void note(const DeliveryStart& start);
  void note(const DeliveryEnd& end, std::string& out);
  void note(const Counts& counts);
  void note(const QueueStopped& stopped);

  const std::string& key(std::string_view queue, std::string_view number);
  ByKey<Delivery>::iterator find(const DeliveryEnd& end);

  ByKey<Message> messages_;     // by "QUEUE N"
  ByKey<Delivery> deliveries_;  // by "QUEUE D.Q"
  std::string stamp_, key_;     // of the line that is being taken
  std::uint64_t order_ = 0;
};

}  // namespace sluice::activity
