// Slab: records in chunks of 1024, named by 32-bit indices, so that a million of them cost no per-record allocation and
// links between them are four octets. List: a doubly linked list through records of a slab.
//
// An index stays valid, and its record at the same address, until it is removed. A removed record is reset to T{} at
// once. Free places are found by index order within a chunk, so the same calls give the same indices. Chunks that empty
// are given back, except one that is kept ready. No errors; a wrong index is our own bug.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::schedule {

using Index = std::uint32_t;
inline constexpr Index kNowhere = 0xFFFFFFFF;

template <class T>
class Slab {
 public:
  Index add(T value) {
    if (open_.empty()) {
      open_.push_back(static_cast<Index>(chunks_.size()));
      chunks_.emplace_back();
      chunks_.back().open = true;
    }
    const Index number = open_.back();
    Chunk& chunk = chunks_[number];
    if (!chunk.records) chunk.records = spare_ ? std::move(spare_) : std::make_unique<T[]>(kChunk);
    const std::size_t place = free_place(chunk);
    chunk.used[place / 64] |= std::uint64_t{1} << place % 64;
    if (++chunk.count == kChunk) {
      chunk.open = false;
      open_.pop_back();
    }
    ++size_;
    chunk.records[place] = std::move(value);
    return static_cast<Index>(number * kChunk + place);
  }

  void remove(Index index) {
    Chunk& chunk = chunks_[index / kChunk];
    const std::size_t place = index % kChunk;
    chunk.records[place] = T{};
    chunk.used[place / 64] &= ~(std::uint64_t{1} << place % 64);
    --chunk.count;
    --size_;
    if (!chunk.open) {
      chunk.open = true;
      open_.push_back(index / kChunk);
    }
    if (chunk.count == 0) spare_ = std::move(chunk.records);
    if (size_ == 0) forget_chunks();
  }

  T& operator[](Index index) { return chunks_[index / kChunk].records[index % kChunk]; }
  const T& operator[](Index index) const { return chunks_[index / kChunk].records[index % kChunk]; }

  std::size_t size() const { return size_; }

  // Visits (index, record) in index order. The visitor may remove the record it is given, and no other; it may not add.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (std::size_t number = 0; number < chunks_.size(); ++number) {
      const auto used = chunks_[number].used;
      for (std::size_t word = 0; word < used.size(); ++word)
        for (std::uint64_t bits = used[word]; bits != 0; bits &= bits - 1) {
          const std::size_t place = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
          visit(static_cast<Index>(number * kChunk + place), chunks_[number].records[place]);
        }
    }
  }

  // Octets held, the spare chunk included; not what the records own themselves.
  std::size_t octets() const {
    std::size_t held = chunks_.capacity() * sizeof(Chunk) + open_.capacity() * sizeof(Index);
    for (const Chunk& chunk : chunks_) held += chunk.records ? kChunk * sizeof(T) : 0;
    return held + (spare_ ? kChunk * sizeof(T) : 0);
  }

 private:
  static constexpr Index kChunk = 1024;
  struct Chunk {
    std::unique_ptr<T[]> records;  // none while count is 0
    std::array<std::uint64_t, kChunk / 64> used{};
    std::uint32_t count = 0;
    bool open = false;  // has a free place and stands in open_
  };

  static std::size_t free_place(const Chunk& chunk) {
    std::size_t word = 0;
    while (chunk.used[word] == ~std::uint64_t{0}) ++word;
    return word * 64 + static_cast<std::size_t>(std::countr_one(chunk.used[word]));
  }
  void forget_chunks() {
    std::vector<Chunk>().swap(chunks_);
    std::vector<Index>().swap(open_);
  }

  std::vector<Chunk> chunks_;
  std::vector<Index> open_;
  std::unique_ptr<T[]> spare_;
  std::size_t size_ = 0;
};

struct Links {
  Index previous = kNowhere;
  Index next = kNowhere;
};

// A list of records of one slab, which each call is given; `links` is the member that it threads through. A record is
// in at most one list by the same member.
template <class T, Links T::*links>
class List {
 public:
  bool empty() const { return head_ == kNowhere; }
  Index head() const { return head_; }

  void push_back(Slab<T>& slab, Index index) {
    slab[index].*links = {tail_, kNowhere};
    (tail_ == kNowhere ? head_ : (slab[tail_].*links).next) = index;
    tail_ = index;
  }
  void push_front(Slab<T>& slab, Index index) {
    slab[index].*links = {kNowhere, head_};
    (head_ == kNowhere ? tail_ : (slab[head_].*links).previous) = index;
    head_ = index;
  }
  void erase(Slab<T>& slab, Index index) {
    const Links around = slab[index].*links;
    (around.previous == kNowhere ? head_ : (slab[around.previous].*links).next) = around.next;
    (around.next == kNowhere ? tail_ : (slab[around.next].*links).previous) = around.previous;
    slab[index].*links = {};
  }

 private:
  Index head_ = kNowhere;
  Index tail_ = kNowhere;
};

}  // namespace sluice::schedule
