// ExtraHeaders: the messages that adoption took over whose info file has an extra header (adoption.h). They are
// withheld until it is on top of their body:
//
//   1. qmail-intake is asked for a copy of the body with the header on top, durable
//   2. the message gets the copy for its body, in the state log, synced
//   3. its old files are removed, durably, that in info last; only then does anybody hear that the old body is free
//   4. it may be scheduled
//
// A crash before 2 leaves all as it was, and a copy that ends as a stray; one after 2 is set right by adoption at the
// next start. What cannot be copied is asked for again each minute. A message whose old files cannot be removed waits
// for the next start.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <functional>

#include "adoption.h"
#include "ledger.h"
#include "neighbour.h"

namespace sluice::scheduler {

class ExtraHeaders {
 public:
  // `schedule` gets each message at the end; `alert` what stands in the way.
  ExtraHeaders(net::Loop& loop, Ledger& ledger, Neighbour& intake, std::function<void(queue::MessageId)> schedule,
               std::function<void(const std::string&)> alert);

  // Once, at the start: the messages, and where their files are.
  void begin(std::vector<Adoption::WithHeader> messages, std::string directory, const store::Options& options);
  // False: the answer is not about one of these.
  bool relocated(const link::Relocated& answer);
  // Another qmail-intake has come, which knows nothing of what was asked.
  void intake_replaced();

 private:
  void ask();
  void durable();

  Ledger& ledger_;
  Neighbour& intake_;
  std::function<void(queue::MessageId)> schedule_;
  std::function<void(const std::string&)> alert_;
  std::string directory_;
  store::Options options_;
  std::deque<Adoption::WithHeader> waiting_;  // not asked for, or in vain
  boost::unordered_flat_map<queue::MessageId, Adoption::WithHeader, std::hash<queue::MessageId>> asked_;
  std::vector<Adoption::WithHeader> moved_;  // recorded, not yet durable
  net::Timer retry_;
};

}  // namespace sluice::scheduler
