// How a Fleet follows the load: what it does with the decisions of core/supervise/scaling.h, what it says about them,
// and what becomes of queues that are not needed.
#include <fmt/format.h>

#include <algorithm>

#include "announce.h"
#include "count_file.h"
#include "fleet.h"
#include "todo_look.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kBetweenDecisions{500};
constexpr Duration kBetweenLooksAtRetired{20'000};
constexpr Duration kSameMailAgain{600'000};  // mail that a queue left in todo when it was run for it
constexpr Duration kCeilingIsNews{600'000};  // that more queues are wanted than allowed is said no more often
constexpr std::size_t kMostNames = 256;

}  // namespace

void Fleet::follow_load() {
  looks_.set_after(kBetweenDecisions);
  retired_looks_.set_after(kBetweenLooksAtRetired);
}

void Fleet::look() {
  if (stopping_) return;
  carry_out(scaling_.decide(states(), count_, loop_.now()));
  looks_.set_after(kBetweenDecisions);
}

void Fleet::carry_out(const supervise::Decision& decision) {
  using Action = supervise::Decision::Action;
  switch (decision.action) {
    case Action::kKeep:
      if (decision.cause == supervise::Decision::Cause::kCeiling) say_ceiling(decision);
      return;
    case Action::kGrow:
    case Action::kTakeBack:
      return grow(decision);
    case Action::kDrain:
      return drain(decision);
  }
}

void Fleet::say_ceiling(const supervise::Decision& decision) {
  if (ceiling_said_ && loop_.now() - *ceiling_said_ < kCeilingIsNews) return;
  ceiling_said_ = loop_.now();
  alert(fmt::format("total load avg {:.2f} exceeds threshold (> {:.2f}), but qcount={} is qmax", decision.load,
                    static_cast<double>(limits_.max_load), decision.count));
}

void Fleet::grow(const supervise::Decision& decision) {
  const bool told = decision.cause == supervise::Decision::Cause::kMessage;
  alert(fmt::format(
      "total load avg {:.2f} exceeds threshold (> {:.2f}). Increasing qcount from {} to {} ({} of {} queues, "
      "{} deliveries wait)",
      decision.load, static_cast<double>(limits_.max_load), decision.count, decision.count + decision.by,
      told ? "as reported" : supervise::to_string(decision.channel), decision.working, decision.waiting));
  for (unsigned i = 0; i < decision.by; ++i) {
    const unsigned place = count_++;
    FleetQueue* const draining = at(place);
    if (draining == nullptr) {
      add(place, false).start();
      continue;
    }
    draining->take_back();
    announce(fmt::format("queue {} takes mail again. New qcount={}", directory_of(place), count_));
  }
  count_changed();
}

void Fleet::drain(const supervise::Decision& decision) {
  announce(fmt::format("average load within limits (load={:.2f} <= {:.2f} and qcount={} < qmax={}); {} would do",
                       decision.load, static_cast<double>(limits_.max_load), decision.count, bounds_.ceiling,
                       decision.needed));
  const unsigned target = count_ - std::min(decision.by, count_ - 1);
  offered_ = std::min(offered_, target);
  std::vector<unsigned> leaving;
  while (count_ > target) leaving.push_back(--count_);
  count_changed();  // before their doors close
  for (const unsigned place : leaving) {
    FleetQueue* const queue = at(place);
    if (queue == nullptr) continue;
    queue->drain();
    announce(fmt::format("queue {} takes no more mail and ends when it is empty. New qcount={}", directory_of(place),
                         count_));
  }
}

// Numbers and loads come from other programs.
void Fleet::loads(std::span<const link::LoadMessage> messages) {
  if (stopping_) return;
  if (instance_.keep_count) return alert("deferring qmonitor msg to update load as -n option in effect");
  bool known = false;
  for (const link::LoadMessage& message : messages) {
    const std::uint32_t place = message.queue - group_.first;
    if (message.queue < group_.first || place >= count_) continue;
    scaling_.report(place, message.load, loop_.now());
    known = true;
  }
  if (!known) return;
  for (unsigned place = 0; place < count_; ++place)
    announce(
        fmt::format("total local+remote load[{}] = {:.0f}", number_of(place), scaling_.load_of(place, loop_.now())));
  const auto decision = scaling_.decide(states(), count_, loop_.now());
  carry_out(decision);
  if (decision.action == supervise::Decision::Action::kKeep && decision.cause == supervise::Decision::Cause::kNone)
    announce(fmt::format("average load within limits (load={:.2f} <= {:.2f} and qcount={} < qmax={})", decision.load,
                         static_cast<double>(limits_.max_load), count_, bounds_.ceiling));
}

void Fleet::count_changed() {
  remember_count();
  put_offer();
}

void Fleet::remember_count() {
  if (remembered_ == count_) return;
  const auto written = write_count(instance_.control_directory, count_file_of(group_), count_);
  if (written) {
    remembered_ = count_;
    complaint_.clear();
    return;
  }
  if (complaint_ != written.error()) alert(complaint_ = written.error());
  remember_again_.set_after(limits_.error_interval);
}

void Fleet::put_offer() {
  if (!instance_.dynamic || stopping_) return;
  int made = 0;
  for (const groups::FoundQueue& queue : found())
    if (queue.number >= group_.first) ++made;
  offer_.put({static_cast<std::int32_t>(std::min(offered_, count_)), made});
}

// --- queues that are not needed --------------------------------------------------------------------------------------

void Fleet::retire(unsigned place, pid_t pid) {
  alert(fmt::format("Removed pid {}. New qcount={}", pid, count_));
  scaling_.forget(place);
  const auto found = queues_.find(place);
  if (found == queues_.end()) return;
  // We are called by it: it must outlive the call.
  loop_.at_turn_end([queue = std::shared_ptr<FleetQueue>(std::move(found->second))] {});
  queues_.erase(found);
}

void Fleet::look_at_retired() {
  if (stopping_) return;
  for (const groups::FoundQueue& queue : found()) {
    const unsigned place = queue.number - group_.first;
    if (!is_ours(queue.number) || at(place) != nullptr) continue;
    auto names = todo_names(queue.directory, kMostNames);
    if (names.empty()) {
      left_.erase(place);
      continue;
    }
    Left& left = left_[place];
    const bool news = !std::includes(left.names.begin(), left.names.end(), names.begin(), names.end());
    if (!news && loop_.now() - left.when < kSameMailAgain) continue;
    left = {std::move(names), loop_.now()};
    announce(fmt::format("queue {} was given mail and is started to deliver it", directory_of(place)));
    add(place, true).start();
  }
  retired_looks_.set_after(kBetweenLooksAtRetired);
}

}  // namespace sluice::supervisor
