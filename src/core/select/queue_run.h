// QueueRun: "try these now". The one request that a timer, a command, ETRN and a persistent runner make of the
// qmail-send of a queue, over its control socket; sluice status shows it while it is under way. Values and their JSON
// (docs/formats.md, "Control sockets"); pure. Members that are missing have their defaults, unknown ones are skipped;
// times are whole seconds. Texts may hold octets that are not UTF-8: who writes the JSON down replaces them
// (nlohmann's error_handler_t::replace).
//
//   {"what":"run", "run":"1234.7", "trigger":"command", "by":"sendmail -q, uid 0, pid 1234", "selector":{…}, …}
//
// Answers, in this order:
//   {"run":"1234.7","queue":"queue1","selected":N}
//   {"line":"TEXT"}            any number, only with watch: the transcript, ready to be printed
//   {"ended":true,"delivered":N,"deferred":N,"failed":N,"skipped":N,"status":S}   S: sysexits code of the last message
//                              that failed for good, else 0. Only with wait or watch; else the answers end after the
//                              first
//
// Other queries that take a selector (all answer a count first: {"selected":N}):
//   {"what":"queue","selector":{…},"order":"priority"?,"most":N?}   then one object a message (as without a selector)
//   {"what":"hold"|"release"|"delete","selector":{…},"reason":"…"?,"dry_run":bool}    then {"id":N} for each
//   {"what":"explain","id":N}
//   {"what":"runs"}                                                one object for each run that is under way
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/mail/client_timeouts.h"
#include "core/select/selector.h"

namespace sluice::select {

enum class Trigger : std::uint8_t { kTimer, kCommand, kEtrn, kPersistent };
std::string_view name_of(Trigger trigger);  // "timer", "command", "etrn", "persistent"

// sendmail's QueueSortOrder: only the first letter counts, in either case.
enum class SortOrder : std::uint8_t { kPriority, kHost, kTime, kFilename, kModification, kRandom, kNone, kShuffle };
std::optional<SortOrder> parse_sort_order(std::string_view text);
std::string_view name_of(SortOrder order);

struct QueueRun {
  std::string id;  // chosen by who asks, the same for all queues of one run
  Trigger trigger = Trigger::kCommand;
  std::string by{};  // for people
  Selector selector{};
  SortOrder order = SortOrder::kPriority;
  std::uint64_t most = 0;      // messages at most, cut after sorting (J=, MaxQueueRunSize); 0: all
  std::uint32_t width = 0;     // messages of this run under way at once (R=); 0: what the limits allow
  bool one_by_one = false;     // -v: the next begins when the one before has ended
  bool watch = false;          // send the transcript
  bool wait = false;           // answer when the run has ended
  bool matching_only = false;  // try only the recipients that match, not the whole message
  bool bounce = false;         // Timeout.queuereturn=now: return to sender without trying
  // -v over several queues, one after the other, numbers their messages together: so many were selected in the queues
  // before this one, and in all of them. A run that only counts says beforehand how many that will be.
  std::uint64_t before = 0, of_all = 0;
  bool count_only = false;                       // select, answer how many, and end
  std::optional<Duration> min_age{}, max_age{};  // MinQueueAge, MaxQueueAge; nothing: those of the queue's settings
  // sendmail -OTimeout=2h -q. Of root and the queue's user only: who waits keeps a delivery's place.
  mail::ClientTimeouts timeouts{};
  friend bool operator==(const QueueRun&, const QueueRun&) = default;

  // What kinds of runs may do:
  //   selective (Selector::is_selective)   ignores how young attempts are; releases what waits for such a run only
  //   any                                  releases what waits for a run (expensive lanes)
  //   not kPersistent                      gives a destination in back-off a probe now
};

inline constexpr std::size_t kMaximumTests = 100;  // of one selector
inline constexpr std::size_t kMaximumText = 1000;  // octets of the text of a test, and of QueueRun::by
inline constexpr std::size_t kMaximumRunId = 100;  // octets

nlohmann::json to_json(const Selector& selector);
nlohmann::json to_json(const QueueRun& run);
//   errors  a sentence that names the member
Result<Selector, std::string> selector_of(const nlohmann::json& from);
Result<QueueRun, std::string> queue_run_of(const nlohmann::json& from);

}  // namespace sluice::select
