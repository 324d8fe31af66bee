// OtherGroups: hands copies of messages over to queues of other queue groups, for recipients that belong there. Each
// copy is submitted to an intake of the group as any message is, so it is durable there before anybody hears of it;
// what follows from that is recorded by Send (handover.cc). Bodies are read as they go out: no copy of a large one is
// held.
//
// How many go on at once is the scheduler core's affair (queue::Channel::kGroup), which starts them as attempts.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/queue/message.h"
#include "core/schedule/views.h"
#include "system/ipc/submitter.h"
#include "system/store/store.h"

namespace sluice::scheduler {

class OtherGroups {
 public:
  struct Copy {
    std::string group;     // of queues
    std::string envelope;  // encoded
    queue::BodyRef body;
    link::SubmitFor whom;  // who submitted the message, and when
  };
  // What became of a copy; once for each begin(), from the loop.
  using Done = std::function<void(schedule::AttemptId, const std::string& group, const ipc::Submitter::Answer&)>;
  // The queues of a group that take messages now; none if there is no such group any more.
  using Offers = std::function<std::vector<ipc::Submitter::Offer>(const std::string& group)>;
  using Report = std::function<void(const std::string& what)>;  // a line for the log

  // `bodies` is not owned.
  OtherGroups(net::Loop& loop, store::BodyReader& bodies, Offers offers, Done done, Report report);

  void begin(schedule::AttemptId attempt, Copy copy);

  // When what failed for this group may be tried again: in a second, then in two, up to a minute; at once the same for
  // all that fails until then. True: it is the first since the last time was over.
  std::pair<MonoTime, bool> postpone(const std::string& group);
  void works(const std::string& group) { troubles_.erase(group); }

 private:
  struct Transfer {
    Copy copy;
    std::size_t queue = 0;
    ipc::Submitter::Token token = 0;
    std::uint64_t position = 0;  // of what is next to be sent
    bool in_pieces = false, ended = false;
  };
  struct Trouble {
    Duration pause{0};
    MonoTime until{};
  };

  ipc::Submitter& submitter_of(const std::string& group);
  bool send_whole(schedule::AttemptId attempt, Transfer& transfer);
  bool send_pieces(Transfer& transfer);
  void go_on();
  void answered(schedule::AttemptId attempt, const ipc::Submitter::Answer& answer);
  void fail_later(schedule::AttemptId attempt, std::string why);

  net::Loop& loop_;
  store::BodyReader& bodies_;
  Offers offers_;
  Done done_;
  Report report_;
  boost::unordered_flat_map<std::string, std::unique_ptr<ipc::Submitter>> submitters_;  // by group
  boost::unordered_flat_map<std::uint64_t, Transfer> transfers_;                        // by attempt
  boost::unordered_flat_map<std::string, Trouble> troubles_;                            // by group
};

}  // namespace sluice::scheduler
