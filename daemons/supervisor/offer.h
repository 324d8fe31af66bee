// Offer: what the dynamic queues of a group show to the programs of this machine: the shared memory /qscheduler (of
// another group than the default one: /qscheduler.GROUP), which says how many queues may be used, and the message queue
// /qscheduler, by which anybody with the right tells how loaded a queue is (core/link/queue_counts.h). What the system
// refuses, or somebody takes away, is made after a while; nothing waits for it.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/link/queue_counts.h"
#include "system/ipc/queue_objects.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

class Offer {
 public:
  // Called with what was found in the message queue, at most kBatch at once, from the loop. Others wrote it.
  using OnLoads = std::function<void(std::span<const link::LoadMessage>)>;
  static constexpr std::size_t kBatch = 64;

  Offer(net::Loop& loop, std::string prefix, std::string object, const layout::Owners& owners, OnLoads on_loads);
  ~Offer();

  void set_interval(Duration between_tries) { interval_ = between_tries; }
  void start();
  void put(const link::SchedulerCounts& counts);  // is remembered until it could be written
  const link::SchedulerCounts& counts() const { return counts_; }
  void close();  // takes everything away: clients go by the fixed number again

 private:
  void make();
  void write();
  bool loads_taken_away() const;
  void wait_for_load();
  void receive();

  net::Loop& loop_;
  std::string prefix_, object_;
  const layout::Owners& owners_;
  OnLoads on_loads_;
  Duration interval_{5'000};
  net::Timer again_;
  link::SchedulerCounts counts_;
  std::optional<ipc::SharedCounts> shared_;
  std::optional<ipc::MessageQueue> loads_;
  std::optional<boost::asio::posix::stream_descriptor> readable_;  // borrows the descriptor of loads_
  std::string complaint_;                                          // the last one that was said
};

}  // namespace sluice::supervisor
