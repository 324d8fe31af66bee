#include "etrn_table.h"

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
  if (under_way_ >= limits_.under_way || !waiting_.empty()) return waiting_.push_back(name), Verdict::kWaits;
  entry.state = State::kUnderWay;
  ++under_way_;
  return Verdict::kBegin;
}

void EtrnTable::ended(const std::string& name, MonoTime now) {
  const auto known = entries_.find(name);
  if (known == entries_.end() || known->second.state != State::kUnderWay) return;
  --under_way_;
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
  while (!waiting_.empty() && under_way_ < limits_.under_way) {
    entries_[waiting_.front()].state = State::kUnderWay;
    ++under_way_;
    names.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return names;
}

std::optional<MonoTime> EtrnTable::next() const {
  if (resting_.empty()) return std::nullopt;
  return entries_.at(resting_.front()).rested;
}

}  // namespace sluice::smtp_server
