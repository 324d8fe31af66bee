#include "runs.h"

#include <fmt/format.h>

#include <algorithm>

#include "send.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kSweepEach{100}, kSweepOn{5};
constexpr std::size_t kLooksAtOnce = 4000;  // messages looked at in one sweep
constexpr int kStepsAtOnce = 2;             // of runs that have more to do: each costs milliseconds

}  // namespace

Runs::Runs(Send& send, net::Loop& loop)
    : send_(send), loop_(loop), work_(loop, [this] { work(); }), sweep_(loop, [this] { sweep(); }) {}

Runs::~Runs() = default;

Result<std::shared_ptr<ipc::Feed>, std::string> Runs::ask(select::QueueRun what, bool by_owner) {
  auto feed = std::make_shared<ipc::Feed>();
  const bool to_the_end = what.wait || what.watch;
  if (const auto same = equal_waiting(what)) {
    join(same, feed, to_the_end);
    return feed;
  }
  const auto waiting =
      std::count_if(runs_.begin(), runs_.end(), [](const auto& run) { return run->stage() == Run::Stage::kWaiting; });
  if (static_cast<std::size_t>(waiting) >= kMostWaiting)
    return fail(fmt::format("{} queue runs wait already; ask again later", waiting));
  auto run = std::make_shared<Run>(send_, place_, ++last_number_, std::move(what), by_owner);
  join(run, feed, to_the_end);
  runs_.push_back(std::move(run));
  go_on();
  return feed;
}

void Runs::join(const std::shared_ptr<Run>& run, const std::shared_ptr<ipc::Feed>& feed, bool to_the_end) {
  run->join(feed, to_the_end);
  const auto changed = [this, weak = std::weak_ptr(run)] {
    const auto alive = weak.lock();
    if (!alive) return;
    alive->listeners_changed();
    go_on();
  };
  feed->on_gone(changed);
  feed->on_room(changed);
}

// One that is watched has a reader of its own.
std::shared_ptr<Run> Runs::equal_waiting(const select::QueueRun& what) const {
  if (what.watch) return nullptr;
  for (const auto& run : runs_)
    if (run->stage() == Run::Stage::kWaiting && run->equals(what)) return run;
  return nullptr;
}

std::shared_ptr<Run> Runs::find(std::uint64_t number) const {
  const auto found =
      std::lower_bound(runs_.begin(), runs_.end(), number,
                       [](const std::shared_ptr<Run>& run, std::uint64_t wanted) { return run->number() < wanted; });
  return found == runs_.end() || (*found)->number() != number ? nullptr : *found;
}

bool Runs::may_begin(const Run& run) {
  std::size_t begun = 0, by_strangers = 0;
  for (const auto& other : runs_) {
    if (other->stage() == Run::Stage::kWaiting) continue;
    ++begun;
    by_strangers += other->by_owner() ? 0 : 1;
  }
  if (begun >= kMostBegun || (!run.by_owner() && by_strangers >= kMostBegunByStrangers)) return false;
  if (run.what().trigger != select::Trigger::kEtrn) return true;
  while (!recent_.empty() && loop_.now() - recent_.front().begun >= kEtrnPause) recent_.pop_front();
  return std::none_of(recent_.begin(), recent_.end(), [&](const Recent& each) { return run.equals(each.what); });
}

void Runs::begin(Run& run) {
  if (run.what().trigger == select::Trigger::kEtrn) recent_.push_back({run.what(), loop_.now()});
  if (!run.what().wait && !run.what().watch && !run.what().bounce)  // what is to be returned was promised
    for (const auto& other : runs_)
      if (other->number() < run.number() && !other->what().wait && run.equals(other->what())) other->supersede();
  run.begin();
}

void Runs::go_on() {
  if (!work_.armed()) work_.set(loop_.now());
}

// A step of some runs that have something to do, in turn; then it is the turn of the rest of qmail-send.
void Runs::work() {
  bool etrn_waits = false;
  int more = 0;
  auto runs = runs_;  // what a step does may change the list
  std::rotate(runs.begin(),
              std::find_if(runs.begin(), runs.end(), [this](const auto& run) { return run->number() > last_stepped_; }),
              runs.end());
  for (const auto& run : runs) {
    if (more == kStepsAtOnce) break;
    if (run->stage() == Run::Stage::kWaiting) {
      if (!may_begin(*run)) {
        etrn_waits |= run->what().trigger == select::Trigger::kEtrn;
        continue;
      }
      begin(*run);
    }
    if (run->step()) ++more, last_stepped_ = run->number();
  }
  forget_ended();
  if (more > 0)
    work_.set(loop_.now());
  else if (etrn_waits && !recent_.empty())
    work_.set(recent_.front().begun + kEtrnPause);
  if (!runs_.empty() && !sweep_.armed()) sweep_.set_after(kSweepEach);
}

void Runs::sweep() {
  const auto runs = runs_;
  std::size_t looks = kLooksAtOnce;
  bool more = false;
  for (const auto& run : runs) more |= run->sweep(looks);
  forget_ended();
  if (runs_.empty()) return;
  sweep_.set_after(more ? kSweepOn : kSweepEach);
  go_on();
}

void Runs::forget_ended() {
  if (std::erase_if(runs_, [](const auto& run) { return run->stage() == Run::Stage::kEnded; }) > 0 && !runs_.empty())
    go_on();  // somebody's turn has come
}

void Runs::settled(queue::MessageId id, std::uint32_t recipient, mail::Verdict verdict, const mail::Outcome& outcome) {
  for (const auto& run : runs_) run->settled(id, recipient, verdict, outcome);
}

void Runs::look_at(queue::MessageId id) {
  if (runs_.empty()) return;
  for (const auto& run : runs_)
    if (run->has_under_way(id)) {
      run->look_at(id);
      go_on();
    }
}

std::uint64_t Runs::watcher_of(queue::MessageId id) const {
  for (const auto& run : runs_)
    if (run->watches(id)) return run->number();
  return 0;
}

mail::ClientTimeouts Runs::timeouts_of(queue::MessageId id) const {
  for (const auto& run : runs_)
    if (run->what().timeouts.says_anything() && run->has_under_way(id)) return run->what().timeouts;
  return {};
}

void Runs::transcript(std::uint64_t watcher, Octets line) {
  if (const auto run = find(watcher)) run->transcript(line);
}

void Runs::sessions_closed(std::uint64_t watcher) {
  if (const auto run = find(watcher)) run->sessions_closed();
  forget_ended();
}

std::vector<std::string> Runs::describe() const {
  std::vector<std::string> answers;
  for (const auto& run : runs_)
    if (run->stage() != Run::Stage::kEnded) answers.push_back(run->describe());
  return answers;
}

std::vector<std::string> Runs::runs_with(queue::MessageId id) const {
  std::vector<std::string> names;
  for (const auto& run : runs_)
    if (run->has_under_way(id)) names.push_back(run->what().id);
  return names;
}

}  // namespace sluice::scheduler
