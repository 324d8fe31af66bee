#include "etrn_table.h"

#include <algorithm>

namespace sluice::smtp_server {

EtrnTable::Verdict EtrnTable::ask(const std::string& name, MonoTime now) {
  sweep(now);
  if (const auto known = entries_.find(name); known != entries_.end()) {
    const bool waits_already = known->second.state == State::kWaiting || known->second.again;
    known->second.again = known->second.state != State::kWaiting;
    return waits_already ? Verdict::kJoined : Verdict::kWaits;
  }
  if (entries_.size() >= limits_.names) return Verdict::kFull;
  Entry& entry = entries_[name];
  if (!may_begin(now) || !waiting_.empty()) return waiting_.push_back(name), Verdict::kWaits;
  entry.state = State::kUnderWay;
  entry.begun = now;
  ++under_way_;
  return Verdict::kBegin;
}

void EtrnTable::ended(const std::string& name, MonoTime now) {
  const auto known = entries_.find(name);
  if (known == entries_.end() || known->second.state != State::kUnderWay) return;
  --under_way_;
  paused_until_ =
      std::max(paused_until_, now + std::min((now - known->second.begun) * limits_.pause, limits_.longest_pause));
  known->second.state = State::kResting;
  known->second.rested = now + limits_.rest;
  resting_.push_back(name);
}

void EtrnTable::forget(const std::string& name) {
  const auto known = entries_.find(name);
  if (known == entries_.end() || known->second.state != State::kUnderWay) return;
  --under_way_;
  entries_.erase(known);
}

// Those that have rested are forgotten, or wait again.
void EtrnTable::sweep(MonoTime now) {
  while (!resting_.empty()) {
    const auto known = entries_.find(resting_.front());
    if (known->second.rested > now) return;
    if (known->second.again) {
      known->second = {};
      waiting_.push_back(std::move(resting_.front()));
    } else {
      entries_.erase(known);
    }
    resting_.pop_front();
  }
}

std::vector<std::string> EtrnTable::due(MonoTime now) {
  sweep(now);
  std::vector<std::string> names;
  while (!waiting_.empty() && may_begin(now)) {
    Entry& entry = entries_[waiting_.front()];
    entry.state = State::kUnderWay;
    entry.begun = now;
    ++under_way_;
    names.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return names;
}

std::optional<MonoTime> EtrnTable::next() const {
  std::optional<MonoTime> next;
  if (!resting_.empty()) next = entries_.at(resting_.front()).rested;
  if (!waiting_.empty() && under_way_ < limits_.under_way) next = next ? std::min(*next, paused_until_) : paused_until_;
  return next;
}

}  // namespace sluice::smtp_server
