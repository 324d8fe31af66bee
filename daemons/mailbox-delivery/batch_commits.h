// BatchCommits: makes batches durable in a thread of its own, one after the other, so that the files of the next batch
// are written while the disk is busy with this one. Nothing may fork while one is under way: see busy().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "maildir_batch.h"
#include "system/net/loop.h"

namespace sluice::mailbox_delivery {

class BatchCommits {
 public:
  using Outcomes = std::vector<std::pair<std::uint64_t, mail::Outcome>>;

  // `done` is called in the loop's thread, from the loop or from wait(), when the thread has ended.
  BatchCommits(net::Loop& loop, std::function<void(Outcomes)> done);
  ~BatchCommits();
  BatchCommits(const BatchCommits&) = delete;

  bool busy() const { return batch_ != nullptr; }
  // Not while busy. Where there may be no thread it is done at once.
  void start(std::unique_ptr<MaildirBatch> batch);
  // Returns when it is not busy.
  void wait();

 private:
  void finish();

  net::Loop& loop_;
  std::function<void(Outcomes)> done_;
  std::unique_ptr<MaildirBatch> batch_;
  Outcomes outcomes_;  // the thread's until it is joined
  std::thread thread_;
  std::uint64_t serial_ = 0;  // of the batch: wait() may be quicker than what the thread posts
};

}  // namespace sluice::mailbox_delivery
