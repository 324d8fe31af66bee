// Texts that many entries share (what a dead destination said to a hundred thousand messages): each is kept once and
// counted. A Ref is an index, four octets in an entry; kNone is the empty text and is not counted.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::queue {

class TextTable {
 public:
  using Ref = std::uint32_t;
  static constexpr Ref kNone = 0;

  // Takes one use of `text`; give it back with release().
  Ref acquire(std::string_view text) {
    if (text.empty()) return kNone;
    if (const auto known = by_text_.find(text); known != by_text_.end()) {
      ++slot(known->second).uses;
      return known->second;
    }
    const Ref ref = free_slot();
    slot(ref) = {std::string(text), 1};
    by_text_.emplace(slot(ref).text, ref);
    return ref;
  }
  void release(Ref ref) {
    if (ref == kNone || --slot(ref).uses != 0) return;
    by_text_.erase(slot(ref).text);
    slot(ref).text = std::string();  // gives the memory back
    free_.push_back(ref);
  }
  std::string_view text(Ref ref) const {
    return ref == kNone ? std::string_view{} : std::string_view(slots_[ref - 1].text);
  }
  std::size_t size() const { return by_text_.size(); }

 private:
  struct Slot {
    std::string text;
    std::uint32_t uses = 0;
  };
  Slot& slot(Ref ref) { return slots_[ref - 1]; }
  Ref free_slot() {
    if (free_.empty()) return slots_.emplace_back(), static_cast<Ref>(slots_.size());
    const Ref ref = free_.back();
    free_.pop_back();
    return ref;
  }

  std::deque<Slot> slots_;  // a deque: the keys of by_text_ point into it
  std::vector<Ref> free_;
  boost::unordered_flat_map<std::string_view, Ref> by_text_;
};

}  // namespace sluice::queue
