// LocalDelivery: takes deliveries from qmail-send, finds out whose each is, has a worker of that user make it, and
// answers. Holds no message longer than it takes to hand it over.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system/ipc/link.h"
#include "system/owner/owner_search.h"
#include "worker_pool.h"

namespace sluice::local_delivery {

using owner::OwnerSearch;

class LocalDelivery {
 public:
  static constexpr std::uint32_t kLimit = 500;  // deliveries at once, told to qmail-send

  LocalDelivery(net::Loop& loop, OwnerSearch owners, WorkerProcess::Environment environment, WorkerPool::Limits limits,
                os::Fd scheduler);

 private:
  struct Attempt {
    std::vector<mail::Outcome> outcomes;
    std::size_t unfinished;
    std::shared_ptr<const link::Deliver> watched;  // null: nobody watches
  };
  // One recipient: a letter, and what an alias made of it.
  struct Part {
    std::uint64_t attempt;
    std::size_t recipient;
    std::size_t unfinished;
    mail::Outcome outcome;
  };
  bool take(const link::Frame& frame);
  void start(std::uint64_t part, const std::shared_ptr<const link::Deliver>& deliver, std::size_t recipient,
             const std::string& local, const std::string& sender, OwnerSearch::Among among);
  void finished(const Job& job, link::LetterDone done);
  void settle(std::uint64_t part, mail::Outcome outcome);

  net::Loop& loop_;
  OwnerSearch owners_;
  WorkerPool workers_;
  ipc::Link scheduler_;
  boost::unordered_flat_map<std::uint64_t, Attempt> attempts_;
  boost::unordered_flat_map<std::uint64_t, Part> parts_;
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> jobs_;  // to their parts
  std::uint64_t last_number_ = 0;
};

}  // namespace sluice::local_delivery
