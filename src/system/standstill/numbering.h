// Numbering: gives every message of a stopped queue the number and the place that it should have. The number is the
// inode number of its body, except where our journal or state log know the body under the one it has. The place
// follows from the number and the shape of the queue. A message's files are renamed together:
//
//   1. strays      files of a message that has no body are put into quarantine/ (empty ones are removed)
//   2. set aside   a message with a wrong number: its other files get the name "N.new" in the place of the new number
//   N,
//                  that is synced, then its body gets it, synced
//   3. move        a message with the right number in a wrong place
//   4. settle      what is named "N.new" becomes N: other files first, synced, then the body, synced
//   5. surplus     numbered subdirectories beyond the split are removed if they are empty
//
// 4 begins only when 2 is done for all, so a number is free when its new owner comes. After a crash the next run does
// the rest: until its body is renamed a message is found by that, because a body's inode number tells where it goes.
// Nothing is ever overwritten, and no mail is removed.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <string>

#include "system/standstill/mail_files.h"

namespace sluice::standstill {

enum class Change { kStray, kName, kSurplus };

struct NumberingOrders {
  Shape shape;
  boost::unordered_flat_set<std::uint64_t> in_use;  // numbers that must stay (stopped_queue.h)
  // Asked before each change with what it is ("Renaming [A] to [B]"); false leaves things as they are. The answer must
  // be the same for all changes of a kind.
  std::function<bool(Change, const std::string& text)> approve;
  std::function<void(const std::string& complaint)> complain;
};

struct Numbered {
  unsigned found = 0, changed = 0, failed = 0;
};

Numbered put_in_order(store::Disk& disk, const std::string& queue, const NumberingOrders& orders);

}  // namespace sluice::standstill
