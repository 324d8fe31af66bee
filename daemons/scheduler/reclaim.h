// Reclaim: gives the space of finished messages back. Names segments and body files that nothing needs to qmail-clean,
// after the records of that are durable (rule 2); and when finished mail takes more than the live mail and two
// segments, has the survivors of the emptiest segment copied to the end of the journal, so that it can go too.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "ledger.h"
#include "neighbour.h"

namespace sluice::scheduler {

class Reclaim {
 public:
  using Strays = std::function<std::vector<std::uint64_t>(const boost::unordered_flat_set<std::uint64_t>& needed)>;
  // `strays(needed)`: body files that nobody will ever need (stray_bodies.h), asked at the start and once a day.
  // `in_use(segment)`: an attempt in flight was told to read a body there, so it stays, even if the body has moved
  // since.
  Reclaim(net::Loop& loop, Ledger& ledger, Neighbour& clean, Neighbour& intake, std::uint64_t segment_size,
          std::function<bool(std::uint64_t segment)> in_use, Strays strays);

  void removed(const link::Removed& answer);
  void relocated(const link::Relocated& answer);

  // Another qmail-clean has come. Segments are asked for again; files that the one before was asked to remove are not,
  // because it may have done so and their inode numbers may be others' by now: what is left is found by its age.
  void clean_replaced();
  // Another qmail-intake has come: copies that the one before made without telling count for nothing.
  void intake_replaced();

 private:
  using Thing = std::pair<queue::BodyRef::Storage, std::uint64_t>;
  void look();
  void remove(queue::BodyRef::Storage storage, std::uint64_t segment);
  void relocate_worst();
  void sweep();

  net::Loop& loop_;
  Ledger& ledger_;
  Neighbour& clean_;
  Neighbour& intake_;
  std::uint64_t segment_size_;
  std::function<bool(std::uint64_t)> in_use_;
  Strays strays_;
  net::Timer timer_, sweep_timer_;
  boost::unordered_flat_set<Thing> asked_;
  std::vector<std::uint64_t> unsent_;  // files: nobody was there to be asked
  MonoTime no_moves_before_{};         // after a failure
  boost::unordered_flat_set<queue::MessageId, std::hash<queue::MessageId>> moving_;
};

}  // namespace sluice::scheduler
