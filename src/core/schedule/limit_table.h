// The table behind SharedLimits: memory that the queues of one instance share, each the only writer of its own column.
// docs/formats.md, "Limits of destinations". Who maps the memory, owns columns and carries wake-ups is system/ipc; here
// is what happens inside, the same for daemons, tests and simulations.
//
//   bucket   16 rows; a destination belongs to one bucket by its hash. Which row is whose is changed under the bucket's
//            lock, held for some hundred instructions; nothing else is locked.
//   row      a cell for each column: "this queue uses the row", and its attempts in flight. A row whose cells are all
//            zero is free. Beside them: which columns wait, and for which a slot is reserved.
//
// A slot is taken by raising one's own cell first and reading all cells then: whoever sees more than the limit takes
// that back. So of any set of queues that hold slots at the same time the last one to raise its cell saw all others,
// and the limit is never exceeded. Whoever takes back, or gives back, and sees that others wait, reserves the slot for
// the next of them in turn (a reservation counts as an attempt for everybody else), so that a busy queue cannot keep
// others out. All accesses are sequentially consistent: the argument needs one order of them.
//
// A queue that ended without a word leaves its column behind; zero_column() frees it, called by who owns that column
// now. Whatever the memory holds, nothing outside it is read or written, and no call loops for long.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/schedule/shared_limits.h"

namespace sluice::schedule {

inline constexpr unsigned kLimitColumns = 64;

struct LimitRow {
  static constexpr std::uint16_t kInUse = 0x8000;        // in a cell; the other bits count attempts
  static constexpr std::uint32_t kLargestLimit = 30000;  // higher limits are taken as that
  std::atomic<std::uint64_t> waiting;                    // a bit for each column
  std::atomic<std::uint64_t> reserved;
  std::atomic<std::uint32_t> last;  // column for which a slot was reserved last
  std::uint32_t unused;
  std::array<std::atomic<std::uint16_t>, kLimitColumns> cells;
};

struct LimitBucket {
  static constexpr std::size_t kRows = 16;
  struct Key {
    std::atomic<std::uint64_t> low, high;
  };
  std::atomic<std::uint32_t> lock;  // column of its holder + 1; 0: free
  std::uint32_t unused[15];
  std::array<Key, kRows> keys;
  std::array<LimitRow, kRows> rows;
};

struct LimitTable {
  static constexpr std::uint64_t kMagic = 0x31304D494C434C53;  // "SLCLIM01"
  static constexpr std::size_t kBuckets = 1024;

  std::atomic<std::uint64_t> magic;
  std::atomic<std::uint64_t> seed;                               // of the hash, so that nobody can aim at a bucket
  std::atomic<std::uint64_t> active;                             // columns that may hold something
  std::array<std::atomic<std::uint32_t>, kLimitColumns> queues;  // whose column it is: the queue's number
  std::array<std::atomic<std::uint32_t>, kLimitColumns> rings_missed;  // 1: a wake-up could not be delivered
  std::uint32_t unused[10];
  std::array<LimitBucket, kBuckets> buckets;

  // Memory of zeros becomes a table.
  void make(std::uint64_t hash_seed);
  bool sound() const { return magic.load() == kMagic; }
  // Everything that a column holds, locks included. Only its owner may call it, and that while it holds nothing.
  void zero_column(unsigned column);

  static std::unique_ptr<LimitTable> in_memory(std::uint64_t hash_seed);  // for tests and simulations
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint16_t>::is_always_lock_free);
static_assert(sizeof(LimitRow) == 152 && sizeof(LimitBucket) == 2752 && sizeof(LimitTable) == 576 + 1024 * 2752);

// What a column needs from outside the memory.
class LimitPeers {
 public:
  virtual ~LimitPeers() = default;
  // Tell the owner of `column` that a slot of `row` is reserved for it.
  virtual void ring(unsigned column, SharedLimits::Row row) = 0;
  // Zero the columns of queues that are no more.
  virtual void bury() = 0;
  // An attempt was not counted for want of room.
  virtual void full() = 0;
};

// One queue's view. `table` and `peers` outlive it.
class LimitColumn final : public SharedLimits {
 public:
  // Claims the column for queue number `queue`, which the caller alone owns, and zeroes what an earlier owner left.
  LimitColumn(LimitTable& table, unsigned column, std::uint32_t queue, LimitPeers& peers);

  Answer take(Row& row, LaneKey lane, std::uint32_t limit) override;
  void give_back(Row row, std::uint32_t limit) override;
  bool may_take(Row row, std::uint32_t limit) const override;
  void stop_waiting(Row row) override;
  void leave(Row row) override;
  void heal() override { peers_.bury(); }
  std::vector<Holder> holders(Row row) const override;

 private:
  struct Key {
    std::uint64_t low, high;
  };
  enum class Entered : std::uint8_t { kYes, kBusy, kFull };

  LimitRow& at(Row row) const { return bucket_of(row).rows[row % LimitBucket::kRows]; }
  LimitBucket& bucket_of(Row row) const { return table_.buckets[row / LimitBucket::kRows % LimitTable::kBuckets]; }
  Entered enter(Row& row, LaneKey lane);
  bool lock(LimitBucket& bucket);
  std::optional<std::size_t> place_for(LimitBucket& bucket, const Key& key) const;
  std::uint32_t total(const LimitRow& row) const;
  bool unused(const LimitRow& row) const;
  std::optional<unsigned> reserve_for_next(LimitRow& row) const;
  bool others_wait(const LimitRow& row) const { return (row.waiting.load() & ~own_) != 0; }
  void forget_turn(LimitRow& row) const;
  void hand_on(Row number);

  LimitTable& table_;
  LimitPeers& peers_;
  unsigned column_;
  std::uint64_t own_;
  std::uint64_t refusals_ = 0;  // for want of room
};

}  // namespace sluice::schedule
