#include "core/schedule/limit_table.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>

namespace sluice::schedule {
namespace {

constexpr int kTakes = 4;     // of one call, while others take and take back at the same moment
constexpr int kSpins = 4000;  // for the lock of a bucket: far longer than anybody who runs holds it

std::uint64_t bit(unsigned column) { return std::uint64_t{1} << column % kLimitColumns; }

// For a word that only its owner writes.
void add(std::atomic<std::uint16_t>& cell, int attempts) {
  cell.store(static_cast<std::uint16_t>(cell.load(std::memory_order_relaxed) + attempts));
}

std::uint32_t attempts_in(std::uint16_t cell) { return cell & ~std::uint32_t{LimitRow::kInUse}; }

void clear(std::atomic<std::uint64_t>& bits, std::uint64_t which) {
  if ((bits.load() & which) != 0) bits.fetch_and(~which);
}

}  // namespace

void LimitTable::make(std::uint64_t hash_seed) {
  seed = hash_seed;
  magic = kMagic;
}

void LimitTable::zero_column(unsigned column) {
  for (LimitBucket& bucket : buckets) {
    for (LimitRow& row : bucket.rows) {
      if (row.cells[column].load() != 0) row.cells[column] = 0;
      clear(row.waiting, bit(column));
      clear(row.reserved, bit(column));
    }
    std::uint32_t held = column + 1;
    bucket.lock.compare_exchange_strong(held, 0);
  }
  active.fetch_and(~bit(column));
}

std::unique_ptr<LimitTable> LimitTable::in_memory(std::uint64_t hash_seed) {
  auto table = std::make_unique<LimitTable>();
  table->make(hash_seed);
  return table;
}

LimitColumn::LimitColumn(LimitTable& table, unsigned column, std::uint32_t queue, LimitPeers& peers)
    : table_(table), peers_(peers), column_(column % kLimitColumns), own_(bit(column)) {
  if ((table_.active.load() & own_) != 0) table_.zero_column(column_);
  table_.queues[column_] = queue;
  table_.rings_missed[column_] = 0;
  table_.active.fetch_or(own_);
}

// Rows ----------------------------------------------------------------------------------------------------------------

bool LimitColumn::lock(LimitBucket& bucket) {
  for (int spin = 0; spin < kSpins; ++spin) {
    std::uint32_t holder = bucket.lock.load(std::memory_order_relaxed);
    const bool free = holder == 0 || holder > kLimitColumns;  // the latter is nobody
    if (free && bucket.lock.compare_exchange_strong(holder, column_ + 1)) return true;
  }
  return false;
}

bool LimitColumn::unused(const LimitRow& row) const {
  for (std::uint64_t columns = table_.active.load(); columns != 0; columns &= columns - 1)
    if (row.cells[static_cast<std::size_t>(std::countr_zero(columns))].load() != 0) return false;
  return true;
}

// The row that this destination has, else one that is free.
std::optional<std::size_t> LimitColumn::place_for(LimitBucket& bucket, const Key& key) const {
  for (std::size_t i = 0; i < LimitBucket::kRows; ++i)
    if (bucket.keys[i].low.load() == key.low && bucket.keys[i].high.load() == key.high) return i;
  for (std::size_t i = 0; i < LimitBucket::kRows; ++i)
    if (unused(bucket.rows[i])) return i;
  return std::nullopt;
}

LimitColumn::Entered LimitColumn::enter(Row& number, LaneKey lane) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(lane.destination.data(), lane.destination.size(),
                                                   table_.seed.load() + static_cast<std::uint64_t>(lane.channel));
  const Key key{hash.low64, hash.high64 | 1};  // never that of an empty row
  const std::size_t which = key.low % LimitTable::kBuckets;
  LimitBucket& bucket = table_.buckets[which];
  if (!lock(bucket)) return Entered::kBusy;
  const auto place = place_for(bucket, key);
  if (place) {
    LimitRow& row = bucket.rows[*place];
    if (bucket.keys[*place].low.load() != key.low || bucket.keys[*place].high.load() != key.high) {
      bucket.keys[*place].low = key.low;
      bucket.keys[*place].high = key.high;
      row.waiting = 0;
      row.reserved = 0;
    }
    forget_turn(row);
    row.cells[column_] = LimitRow::kInUse;
    number = static_cast<Row>(which * LimitBucket::kRows + *place);
  }
  bucket.lock = 0;
  return place ? Entered::kYes : Entered::kFull;
}

void LimitColumn::leave(Row number) {
  LimitRow& row = at(number);
  forget_turn(row);
  row.cells[column_] = 0;
}

// Slots ---------------------------------------------------------------------------------------------------------------

// Attempts of all, and slots reserved for others.
std::uint32_t LimitColumn::total(const LimitRow& row) const {
  std::uint32_t sum = 0;
  const std::uint64_t reserved = row.reserved.load() & ~own_;
  for (std::uint64_t columns = table_.active.load(); columns != 0; columns &= columns - 1) {
    const auto column = static_cast<unsigned>(std::countr_zero(columns));
    const std::uint16_t cell = row.cells[column].load();
    sum += attempts_in(cell);
    if (cell != 0 && (reserved & bit(column)) != 0) ++sum;
  }
  return sum;
}

SharedLimits::Answer LimitColumn::take(Row& number, LaneKey lane, std::uint32_t limit) {
  if (number == kNoRow) {
    Entered entered = enter(number, lane);
    if (entered == Entered::kFull && refusals_++ % 1024 == 0) {
      peers_.bury();  // perhaps a queue that is no more holds the rows
      entered = enter(number, lane);
    }
    if (entered == Entered::kBusy) return Answer::kFull;
    if (entered == Entered::kFull) {
      peers_.full();
      return Answer::kUncounted;
    }
  }
  LimitRow& row = at(number);
  limit = std::clamp<std::uint32_t>(limit, 1, LimitRow::kLargestLimit);
  for (int takes = 0; takes < kTakes; ++takes) {
    add(row.cells[column_], 1);
    if (total(row) <= limit) {
      forget_turn(row);
      // Somebody may have been refused because of what was reserved here, or of what others took back since.
      if (others_wait(row) && total(row) < limit) hand_on(number);
      return Answer::kTaken;
    }
    row.waiting.fetch_or(own_);
    clear(row.reserved, own_);
    add(row.cells[column_], -1);
    // Who gives back after this line sees that we wait. A slot that came free before it is seen here.
    if (total(row) >= limit) return Answer::kFull;
  }
  hand_on(number);  // to one of those who were in the way, who is then alone
  return Answer::kFull;
}

void LimitColumn::give_back(Row number, std::uint32_t limit) {
  LimitRow& row = at(number);
  if (attempts_in(row.cells[column_].load()) == 0) return;
  limit = std::clamp<std::uint32_t>(limit, 1, LimitRow::kLargestLimit);
  const auto leaves_one = [&](std::uint32_t sum) { return others_wait(row) && sum < limit; };
  std::optional<unsigned> next;
  // Reserved first, so that nobody takes it between; and once more, for who began to wait meanwhile.
  if (others_wait(row) && leaves_one(total(row) - 1)) next = reserve_for_next(row);
  add(row.cells[column_], -1);
  if (!next && others_wait(row) && leaves_one(total(row))) next = reserve_for_next(row);
  if (next) peers_.ring(*next, number);
}

bool LimitColumn::may_take(Row number, std::uint32_t limit) const {
  return number == kNoRow || total(at(number)) < std::clamp<std::uint32_t>(limit, 1, LimitRow::kLargestLimit);
}

void LimitColumn::stop_waiting(Row number) {
  LimitRow& row = at(number);
  clear(row.waiting, own_);
  if ((row.reserved.fetch_and(~own_) & own_) != 0) hand_on(number);
}

void LimitColumn::forget_turn(LimitRow& row) const {
  clear(row.waiting, own_);
  clear(row.reserved, own_);
}

// Those who wait take turns, in the order of columns.
std::optional<unsigned> LimitColumn::reserve_for_next(LimitRow& row) const {
  const unsigned first = row.last.load(std::memory_order_relaxed) % kLimitColumns + 1;
  std::uint64_t candidates = row.waiting.load() & table_.active.load() & ~own_ & ~row.reserved.load();
  while (candidates != 0) {
    const unsigned next =
        (first + static_cast<unsigned>(std::countr_zero(std::rotr(candidates, static_cast<int>(first % 64))))) %
        kLimitColumns;
    if ((row.reserved.fetch_or(bit(next)) & bit(next)) == 0) {
      row.waiting.fetch_and(~bit(next));
      row.last.store(next, std::memory_order_relaxed);
      return next;
    }
    candidates &= ~bit(next);
  }
  return std::nullopt;
}

void LimitColumn::hand_on(Row number) {
  if (const auto next = reserve_for_next(at(number))) peers_.ring(*next, number);
}

std::vector<SharedLimits::Holder> LimitColumn::holders(Row number) const {
  std::vector<Holder> found;
  if (number == kNoRow) return found;
  const LimitRow& row = at(number);
  for (std::uint64_t columns = table_.active.load(); columns != 0; columns &= columns - 1) {
    const auto column = static_cast<std::size_t>(std::countr_zero(columns));
    if (const std::uint32_t attempts = attempts_in(row.cells[column].load()); attempts > 0)
      found.push_back({table_.queues[column].load(), attempts});
  }
  return found;
}

}  // namespace sluice::schedule
