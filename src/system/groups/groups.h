// Groups: the queue groups of an instance with the numbers and directories of their queues: the one place that knows
// where the queue of a number is, which group it belongs to, and which queues there are on disk.
//
// A group has the numbers `first` to `last()`; no number belongs to two groups. Its queues stand in its directories in
// turn: the k-th queue in the k-th directory, then from the first again. A queue that exists is where it is: who adds a
// directory to a group moves no mail. A directory that ends in '*' stands for all that begin so, in the order of their
// names, and is looked for when Groups are made; if there is none, for the one without the '*'.
//
// A QueueDirectory DIR/q* also says how many queues the default group has: at least one for each directory (queue_max
// at most). Whoever starts the queues counts directories; all others count the queues that were made, so that a
// directory that is added meanwhile is nobody's queue before it is run.
//
// Made from settings that were checked (core/settings), so it does not fail; without declared groups it asks the disk
// nothing. Any number of the instance may be asked for. One of no group is perhaps of a queue from a time when a group
// had more of them: it counts to the group in whose directory it is, else to the default group.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/queue/message.h"
#include "core/route/queue_groups.h"
#include "core/settings/settings.h"
#include "core/supervise/queue_set.h"

namespace sluice::groups {

struct Group {
  std::string name;  // "default", or as declared
  route::QueueGroup policy;
  unsigned first = 1;            // number of its first queue
  unsigned least = 1, most = 1;  // queues; static: `least` of them
  std::vector<std::string> directories;

  unsigned last() const { return first + most - 1; }
  bool holds(unsigned number) const { return number >= first && number <= last(); }
  bool is_default() const { return policy.name == route::kDefaultGroup; }
};

struct FoundQueue {
  unsigned number = 0;
  std::string directory;
  std::size_t group = 0;  // place in all(); of the directory in which it is
  friend bool operator==(const FoundQueue&, const FoundQueue&) = default;
};

class Groups {
 public:
  enum class Asker : std::uint8_t { kStarter, kOther };
  explicit Groups(const settings::Settings& settings, Asker asker = Asker::kOther);

  std::span<const Group> all() const& { return groups_; }  // the default group first
  std::span<const Group> all() const&& = delete;
  const Group& default_group() const { return groups_.front(); }
  const Group* find(std::string_view name) const;  // without regard to case; "default" and "mqueue" are one
  // The place in all() of the group with this number.
  std::size_t group_with(unsigned number) const;
  std::string directory_of(unsigned number) const;

  // What is on disk, by number; of two queues with one number the one that directory_of() names.
  std::vector<FoundQueue> found() const;

  // Directories that must exist before queues can be made, each behind the one that holds it.
  std::vector<std::string> directories() const;

  const route::QueueGroups& rules() const { return rules_; }
  // The place in all() of the group that takes a message for these recipients: that of the first one that the map
  // names, else the default group.
  template <class Recipients, class AddressOf>
  std::size_t choose(const Recipients& recipients, AddressOf address_of) const {
    if (groups_.size() == 1) return 0;
    for (const auto& recipient : recipients)
      if (const auto group = rules_.group_of(address_of(recipient))) return *group;
    return 0;
  }

 private:
  void spread_default_group(Asker asker);
  std::size_t group_left_behind(unsigned number) const;

  std::string base_;  // the directory that holds all others
  route::QueueGroups rules_;
  std::vector<Group> groups_;
};

// The directory in which all queues of an instance are: queue_base, or what is before the last '/' of a QueueDirectory
// that ends in '*'.
std::string base_directory(const settings::Settings& settings);

}  // namespace sluice::groups
