// DueHeap: which record is due first. A four-ary heap of (time, index) in 12 octets an entry; the record keeps the
// position of its entry, so that it can be taken out in O(log n) too. Equal times leave in the order of their indices.
//
// `moved(index, position)` is called whenever an entry comes to stand elsewhere; the caller writes the position into
// its record. The array grows by a quarter and shrinks again, so that a million entries hold at most 15 MB.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "core/schedule/slab.h"

namespace sluice::schedule {

class DueHeap {
 public:
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  MonoTime top_time() const { return entries_.front().time(); }
  Index top_index() const { return entries_.front().index; }
  std::size_t octets() const { return entries_.capacity() * sizeof(Entry); }

  template <class Moved>
  void push(MonoTime due, Index index, Moved&& moved) {
    if (entries_.size() == entries_.capacity()) entries_.reserve(entries_.size() + entries_.size() / 4 + 16);
    entries_.push_back(Entry::of(due, index));
    sift_up(entries_.size() - 1, moved);
  }

  template <class Moved>
  Index pop(Moved&& moved) {
    const Index index = top_index();
    erase(0, moved);
    return index;
  }

  template <class Moved>
  void erase(std::size_t position, Moved&& moved) {
    const Entry last = entries_.back();
    entries_.pop_back();
    if (position < entries_.size()) {
      entries_[position] = last;
      if (!sift_up(position, moved)) sift_down(position, moved);
    }
    give_back();
  }

 private:
  static constexpr std::size_t kArity = 4;
  struct Entry {  // the time is split so that an entry needs no padding
    std::uint32_t high, low;
    Index index;

    static Entry of(MonoTime due, Index index) {
      const auto key = static_cast<std::uint64_t>(due.time_since_epoch().count()) ^ kSign;
      return {static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key), index};
    }
    std::uint64_t key() const { return std::uint64_t{high} << 32 | low; }
    MonoTime time() const { return MonoTime{Duration{static_cast<std::int64_t>(key() ^ kSign)}}; }
    bool before(const Entry& other) const { return key() != other.key() ? key() < other.key() : index < other.index; }
  };
  static constexpr std::uint64_t kSign = std::uint64_t{1} << 63;  // makes negative times sort first

  template <class Moved>
  bool sift_up(std::size_t position, Moved&& moved) {
    const Entry entry = entries_[position];
    const std::size_t from = position;
    while (position > 0) {
      const std::size_t parent = (position - 1) / kArity;
      if (!entry.before(entries_[parent])) break;
      put(position, entries_[parent], moved);
      position = parent;
    }
    put(position, entry, moved);
    return position != from;
  }

  template <class Moved>
  void sift_down(std::size_t position, Moved&& moved) {
    const Entry entry = entries_[position];
    for (;;) {
      const std::size_t first = position * kArity + 1;
      if (first >= entries_.size()) break;
      std::size_t least = first;
      const std::size_t end = std::min(first + kArity, entries_.size());
      for (std::size_t child = first + 1; child < end; ++child)
        if (entries_[child].before(entries_[least])) least = child;
      if (!entries_[least].before(entry)) break;
      put(position, entries_[least], moved);
      position = least;
    }
    put(position, entry, moved);
  }

  template <class Moved>
  void put(std::size_t position, const Entry& entry, Moved&& moved) {
    entries_[position] = entry;
    moved(entry.index, static_cast<Index>(position));
  }

  void give_back() {
    if (entries_.capacity() <= 64 || entries_.size() > entries_.capacity() / 4) return;
    std::vector<Entry> smaller;
    smaller.reserve(entries_.size() + entries_.size() / 4 + 16);
    smaller.insert(smaller.end(), entries_.begin(), entries_.end());
    entries_.swap(smaller);
  }

  std::vector<Entry> entries_;
};

}  // namespace sluice::schedule
