// Ledger: what happened to each recipient, in memory (queue::Image) and durable (store::StateLog). Every change goes
// through record(): first into the image, at once, then into the log, synced at most kSyncDelay later. What must not be
// done before a record is durable waits for it with after_sync().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "system/net/loop.h"
#include "system/store/store.h"

namespace sluice::scheduler {

class Ledger {
 public:
  static constexpr Duration kSyncDelay{100};

  // `trouble` is told, once for each failure, why the log cannot be written; the ledger tries again until it can.
  Ledger(net::Loop& loop, std::unique_ptr<store::StateLog> log, std::function<void(const std::string&)> trouble);

  // Reads the log into the image. Throws os::Fatal (111) if it cannot be read.
  void load();

  template <class Record>
  void record(const Record& record) {
    scratch_.clear();
    queue::encode_state(scratch_, record);
    image_.apply(record);
    append();
  }

  const queue::Image& image() const { return image_; }

  // Body files of finished messages, each to be removed once, after a sync.
  std::vector<std::uint64_t> take_released_files() { return image_.space().take_released_files(); }

  // Calls `work` once everything recorded until now is durable.
  void after_sync(std::function<void()> work);
  // Now; for the end of the process. False: the disk does not take it.
  bool sync();
  // The last sync failed: what is recorded stays in memory, so nothing new is to be begun.
  bool failing() const { return failing_; }

 private:
  void append();
  void sync_soon();
  void sync_due();
  void snapshot_slice();

  net::Loop& loop_;
  std::unique_ptr<store::StateLog> log_;
  std::function<void(const std::string&)> trouble_;
  queue::Image image_;
  std::string scratch_;
  net::Timer sync_timer_, snapshot_timer_;
  std::vector<std::function<void()>> waiting_;
  bool snapshot_under_way_ = false, failing_ = false;
  queue::MessageId snapshot_at_;
};

}  // namespace sluice::scheduler
