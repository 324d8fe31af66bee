// The workers of a queue: one process for each user who gets mail, started when there is a letter for him, kept for a
// short while after the last, and ended when room is needed for somebody else. When all are busy, letters wait here.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "system/net/loop.h"
#include "worker_process.h"

namespace sluice::local_delivery {

class WorkerPool {
 public:
  struct Limits {
    std::size_t workers = 50;
    Duration idle_time = Seconds{10};
  };
  // `finished` is called at the end of a turn, never from within deliver(). The loop's signals are this pool's.
  WorkerPool(net::Loop& loop, WorkerProcess::Environment environment, Limits limits,
             std::function<void(const Job&, link::LetterDone)> finished);

  void deliver(Job job);

 private:
  // A user's name decides about his groups.
  static std::string key_of(const local::Owner& owner);
  WorkerProcess* start(const std::string& key, const Job& job);
  bool make_room();
  void finish(const Job& job, link::LetterDone done);
  void turn_ends();
  void gone(const std::string& key);
  void tend();
  void reap();

  net::Loop& loop_;
  const WorkerProcess::Environment environment_;
  const Limits limits_;
  std::function<void(const Job&, link::LetterDone)> finished_;
  std::map<std::string, std::unique_ptr<WorkerProcess>> workers_;
  std::vector<std::unique_ptr<WorkerProcess>> gone_;  // until the end of the turn
  std::vector<std::pair<Job, link::LetterDone>> done_;
  std::deque<Job> waiting_;
  net::Timer timer_;
  bool end_asked_ = false;
};

}  // namespace sluice::local_delivery
