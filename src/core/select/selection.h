// Selection: the messages of the image that a selector names, in one order. The one walk behind queue runs, listings
// and orders of the operator. It looks at a slice of the image at a time, so that a walk over a million messages never
// stops the loop; each slice is sorted as it is found, and next() merges them, so that there is no long sort either.
//
// Costs about 24 octets for each message that is selected, nothing for the others. The image may change between calls:
// whoever takes an id finds out whether that is still there.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "core/schedule/priority.h"
#include "core/select/queue_run.h"

namespace sluice::select {

std::int64_t priority_of(const queue::Image::MessageView& message, const schedule::PriorityFactors& factors);

// Asks a Matcher about messages of an image; keeps what it needs for that.
class MessageTest {
 public:
  explicit MessageTest(Selector selector) : matcher_(std::move(selector)) {}
  bool matches(const queue::Image::MessageView& message, WallTime now);
  const Matcher& matcher() const { return matcher_; }

 private:
  Matcher matcher_;
  std::vector<std::string_view> recipients_;
};

class Selection {
 public:
  // What else is asked of a message that the selector names; false: it is passed over.
  using Filter = std::function<bool(const queue::Image::MessageView&)>;

  Selection(Selector selector, SortOrder order, std::uint64_t most, schedule::PriorityFactors factors);

  // The next slice. False: that was the last, and next() may be asked.
  bool look(const queue::Image& image, WallTime now, const Filter& filter);
  std::uint64_t looked() const { return looked_; }  // messages so far
  std::uint64_t size() const { return size_; }      // selected, `most` at most once the last slice was looked at

  // The next in order; nothing after the last.
  std::optional<queue::MessageId> next();
  std::uint64_t taken() const { return taken_; }

  // A mark for each that was taken.
  enum class Mark : std::uint8_t { kNone, kUnderWay };
  Mark mark_of(queue::MessageId id) const;
  void set_mark(queue::MessageId id, Mark mark);
  // Up to `most` marked kUnderWay, ascending, greater than `after`.
  std::vector<queue::MessageId> under_way(queue::MessageId after, std::size_t most) const;

  // Gives the memory back; there is nothing to take any more.
  void forget() { slices_ = {}, under_way_ = {}, heap_ = {}, hosts_ = {}; }

  const Matcher& matcher() const { return test_.matcher(); }

 private:
  struct Candidate {
    queue::MessageId id;
    std::int64_t key = 0;
    std::uint32_t host = 0;  // index in hosts_
    std::uint16_t rank = 0;  // of its slice: the place of the candidate that is `rank`-th in order
    Mark mark = Mark::kNone;
  };
  using Slice = std::vector<Candidate>;  // in order of ids; ids of a slice are less than those of the next
  struct Cursor {
    std::uint32_t slice = 0;
    std::uint16_t place = 0;
  };

  void add(Slice& slice, const queue::Image::MessageView& message);
  std::int64_t key_of(const queue::Image::MessageView& message) const;
  std::uint32_t host_of(const queue::Image::MessageView& message);
  bool before(const Candidate& a, const Candidate& b) const;
  void sort(Slice& slice) const;
  void finish();
  const Candidate& at(Cursor cursor) const;
  std::size_t slice_of(queue::MessageId id) const;
  template <class OneSlice>
  static auto find(OneSlice& slice, queue::MessageId id) -> decltype(&slice[0]);

  MessageTest test_;
  SortOrder order_;
  std::uint64_t most_;
  schedule::PriorityFactors factors_;
  std::uint64_t seed_ = 0;
  std::vector<Slice> slices_;
  std::vector<std::uint32_t> under_way_;  // so many of each slice are marked so
  std::vector<Cursor> heap_;
  std::vector<std::string> hosts_;  // written backwards
  boost::unordered_flat_map<std::string, std::uint32_t> host_numbers_;
  queue::MessageId after_;
  std::uint64_t looked_ = 0, size_ = 0, taken_ = 0;
};

}  // namespace sluice::select
