// Queue groups: named sets of queues with one policy, and which group the mail for an address belongs to. Parsed from
// the settings `queuegroups` (declarations) and `queuegroupmap` (addresses); pure values.
//
// A declaration is sendmail's: NAME, FIELD=VALUE, ...  Of a field's name only the first character counts, and its case
// matters:
//
//   P=DIR or DIR*    where the group's queues are: each directory that is named (or found, for a trailing *) holds
//                    queues in turn. Default: NAME below queue_base. Absolute paths must lie below queue_base.
//   F=f              several runners are allowed         N=n   nice value of the group's daemons
//   I=time           interval of its own (minutes)       R=n   messages of a run under way at once; 0: only -qG, ETRN #
//   J=n              messages a run at most              r=n   recipients of one attempt at most
//   S=order          sort order
//   q=MIN or MIN-MAX queues of this group                s=n   number of its first queue (unique in the instance)
//   m=run|backoff    when deferred mail is tried again
//
// The group "mqueue", also called "default", always exists: queue_base, queue_start, queue_count, queue_max; declaring
// it changes its other fields. At most 50 groups. Names: letters, digits, '-' and '_', compared without case.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/route/domain_table.h"
#include "core/select/queue_run.h"

namespace sluice::route {

inline constexpr std::string_view kDefaultGroup = "mqueue";
inline constexpr std::size_t kMaximumGroups = 50;  // the default one included
inline constexpr std::uint32_t kLastQueue = 1023;  // message ids have ten bits for the number of their queue

bool is_default_group(std::string_view name);      // either of its names
std::string unknown_group(std::string_view name);  // "Queue group NAME unknown"

struct QueueGroup {
  std::string name{kDefaultGroup};
  std::vector<std::string> paths{};  // as declared; empty: the default
  bool several_runners = false;
  std::optional<int> nice{};
  std::optional<std::chrono::seconds> interval{};
  std::optional<std::uint32_t> runners{};
  std::uint64_t jobs = 0;        // 0: no limit
  std::uint32_t recipients = 0;  // 0: no limit
  std::optional<select::SortOrder> order{};
  std::optional<bool> retry_by_runs{};  // nothing: as the instance
  std::uint32_t queue_min = 1, queue_max = 1;
  // 0 in what parse_group() gives when there is no s=. QueueGroups gives the k-th declared group 100·k+1, from the
  // eleventh on a number in the gaps; in the default group it stays 0.
  std::uint32_t first_queue = 0;
  friend bool operator==(const QueueGroup&, const QueueGroup&) = default;
};

//   errors  a sentence: "queue slow: `=' expected", "Qslow: unknown queue equate X=" …
Result<QueueGroup, std::string> parse_group(std::string_view declaration);

// One entry of queuegroupmap: user@domain:group, domain:group, .suffix:group, or :group for everything else.
struct MapEntry {
  std::string key;
  std::string group;
};
//   errors  a sentence that begins with the entry
Result<MapEntry, std::string> parse_map_entry(std::string_view entry);

// All groups of an instance, the default group first; checks names, numbers and overlaps.
class QueueGroups {
 public:
  //   errors  as parse_group(); of the map: "\"ENTRY\": Queue group NAME unknown"
  static Result<QueueGroups, std::string> of(std::span<const std::string> declarations,
                                             std::span<const std::string> map);
  std::span<const QueueGroup> all() const { return groups_; }
  const QueueGroup* find(std::string_view name) const;  // null: "Queue group NAME unknown"
  // The place in all() of the group that takes mail for the address: user@domain, domain, .suffix, then "" of the map;
  // nothing: no entry says, so it stays with the other recipients of its message, else in the default group.
  std::optional<std::size_t> group_of(std::string_view address) const;
  // The place in all() of a group by its name, in either case.
  std::optional<std::size_t> place_of(std::string_view name) const;
  // Whether every directory lies below queue_base (absolute) and belongs to one group.
  //   errors  "QueuePath X not subpath of QueueDirectory Y", and which groups overlap
  Result<void, std::string> check_paths(std::string_view queue_base) const;

 private:
  Result<void, std::string> add(std::string_view declaration);

  std::vector<QueueGroup> groups_{QueueGroup{}};
  DomainTable<std::size_t> map_;
};

}  // namespace sluice::route
