#include "ledger.h"

#include "system/os/failure.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kRetryDisk{1000};
constexpr std::size_t kMessagesPerSlice = 2000;
constexpr Duration kBetweenSlices{2};  // lets deliveries go on meanwhile

}  // namespace

Ledger::Ledger(net::Loop& loop, std::unique_ptr<store::StateLog> log, std::function<void(const std::string&)> trouble)
    : loop_(loop),
      log_(std::move(log)),
      trouble_(std::move(trouble)),
      sync_timer_(loop, [this] { sync_due(); }),
      snapshot_timer_(loop, [this] { snapshot_slice(); }) {}

void Ledger::load() {
  const auto loaded = log_->load(
      [this](Octets record) {
        if (!image_.apply(record))
          trouble_("the state log holds a record that this version does not know; it is skipped");
      },
      trouble_);
  if (!loaded) throw os::Fatal(111, loaded.error().what);
  image_.space()
      .take_released_files();  // were removed then, or will be found by their age: their inodes may be others' by now
}

void Ledger::append() {
  log_->append(scratch_);
  sync_soon();
}

void Ledger::after_sync(std::function<void()> work) {
  waiting_.push_back(std::move(work));
  sync_soon();  // perhaps nothing is ever recorded again
}

void Ledger::sync_soon() {
  if (!sync_timer_.armed()) sync_timer_.set(loop_.now() + kSyncDelay);
}

bool Ledger::sync() {
  const auto synced = log_->sync();
  failing_ = !synced;
  if (!synced) {
    trouble_(synced.error().what);
    return false;
  }
  for (const auto& work : std::exchange(waiting_, {})) work();
  return true;
}

void Ledger::sync_due() {
  if (!sync()) return sync_timer_.set(loop_.now() + kRetryDisk);
  if (snapshot_under_way_ || !log_->wants_snapshot()) return;
  if (const auto begun = log_->snapshot_begin(); !begun) return trouble_(begun.error().what);
  snapshot_under_way_ = true;
  snapshot_at_ = {};
  snapshot_timer_.set(loop_.now());
}

void Ledger::snapshot_slice() {
  Result<void, store::Trouble> written;
  const auto emit = [&](Octets record) {
    if (written) written = log_->snapshot_append(record);
  };
  const auto next = image_.visit(snapshot_at_, kMessagesPerSlice, [&](const queue::Image::MessageView& view) {
    image_.encode_snapshot(view.id(), emit);
  });
  if (written && next) {
    snapshot_at_ = *next;
    return snapshot_timer_.set(loop_.now() + kBetweenSlices);
  }
  image_.encode_snapshot_tail(emit);
  if (written) written = log_->snapshot_finish();
  if (!written) trouble_(written.error().what);  // the old files count; the next sync asks again
  snapshot_under_way_ = false;
}

}  // namespace sluice::scheduler
