// One line of the activity record taken apart, without its stamp. Three families write it: Sluice and IndiMail, whose
// lines end in the name of the queue and whose delivery numbers may end in ".QIDENT", and qmail, whose lines have
// neither. What a log holds is foreign text: any octets give some line, never an error.
//
// Views point into the text that was given. Nothing here allocates.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace sluice::activity {

// `queue` is empty where the line does not name one.
struct MessageInfo {                                    // "info msg N: bytes B from <SENDER> qp PID uid UID [QUEUE]"
  std::string_view id, bytes, sender, pid, uid, queue;  // the sender in its brackets
};
struct MessageNew {  // "new msg N [QUEUE]"
  std::string_view id, queue;
};
struct MessageEnd {  // "end msg N [qmail-send:] [QUEUE]"
  std::string_view id, queue;
};
struct DeliveryStart {  // "starting delivery D[.Q]: msg N to CHANNEL RECIPIENT [QUEUE]"
  std::string_view number, id, channel, recipient, queue;  // number with its suffix
};
enum class DeliveryResult : char { kSuccess = 'k', kDeferral = 'z', kFailure = 'd' };
struct DeliveryEnd {  // "delivery D[.Q]: success|deferral|failure: TEXT [QUEUE]"
  std::string_view number;
  DeliveryResult result;
  std::string_view reason, queue;
  bool mangled = false;  // "delivery D: report mangled, will defer: [QUEUE]": the number has no suffix
};
struct Counts {  // "extra N nk nz nd [QUEUE]": what matchup itself keeps for its next run
  std::string_view id;
  std::uint64_t delivered = 0, deferred = 0, failed = 0;
  std::string_view queue;
};
struct QueueStopped {  // a qmail-send began or ended: none of its deliveries is under way. No queue: of any
  std::string_view queue;
};
struct Alert {};    // "alert: ..." and "warn: ...": for people
struct Silent {};   // known, and of no matter for deliveries
struct Unknown {};  // anything else

using ActivityLine = std::variant<Unknown, MessageInfo, MessageNew, MessageEnd, DeliveryStart, DeliveryEnd, Counts,
                                  QueueStopped, Alert, Silent>;

ActivityLine parse_activity_line(std::string_view text);

}  // namespace sluice::activity
