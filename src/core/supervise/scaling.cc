#include "core/supervise/scaling.h"

#include <algorithm>
#include <cmath>

namespace sluice::supervise {

namespace {

constexpr std::size_t kChannels = 3;
constexpr std::uint64_t kMostTold = 200;
constexpr double kHighest = 0.95;      // smoothed load never quite reaches 1
constexpr double kWell = 0.6;          // of the threshold: fewer queues must carry the load no higher than this
constexpr double kDeepest = 4;         // mail waiting beyond this many times the limit asks for no more queues
constexpr unsigned kMostAtOnce = 4;    // queues added in one step
constexpr unsigned kMostUnusable = 3;  // queues that cannot start; whoever has so many gets no further ones
constexpr double kNearlyNothing = 0.005;

double instant_load(const ChannelSample& sample) {
  if (sample.limit == 0) return 0;
  if (sample.waiting > 0) return 1;
  return std::min(1.0, static_cast<double>(sample.in_flight) / sample.limit);
}

double demand_of(const ChannelSample& sample) {
  if (sample.limit == 0) return 0;
  const double jobs = static_cast<double>(sample.in_flight) + sample.waiting;
  return std::min(kDeepest, jobs / sample.limit);
}

bool counts(PlaceState state) { return state == PlaceState::kWorking || state == PlaceState::kStarting; }

}  // namespace

std::string_view to_string(Channel channel) {
  switch (channel) {
    case Channel::kLocal:
      return "local";
    case Channel::kRemote:
      return "remote";
    case Channel::kLmtp:
      return "lmtp";
  }
  return "unknown";
}

// Over the queues in use that count.
struct Scaling::Sums {
  unsigned working = 0, unusable = 0;
  double load[kChannels] = {};    // smoothed
  double demand[kChannels] = {};  // as it is now
  std::uint64_t waiting[kChannels] = {};
  double told = 0;  // percent, local and remote together; of queues of which nobody told, their own
  bool anybody_told = false;
  Channel busiest = Channel::kLocal;
  double at(Channel channel) const { return load[static_cast<std::size_t>(channel)]; }
  double average() const { return working == 0 ? 0 : at(busiest) / working; }
};

Scaling::Place& Scaling::place(std::size_t index) {
  if (index >= places_.size()) places_.resize(index + 1);
  return places_[index];
}

double Scaling::decay(const Place& place, MonoTime now) const {
  const double passed = static_cast<double>(std::max(Duration{0}, now - place.since).count());
  return std::exp(-passed / static_cast<double>(times_.smoothing.count()));
}

void Scaling::report(std::size_t index, const QueueSample& sample, MonoTime now) {
  Place& place = this->place(index);
  const double decay = this->decay(place, now);
  const ChannelSample samples[kChannels] = {sample.local, sample.remote, sample.lmtp};
  for (std::size_t i = 0; i < kChannels; ++i) {
    place.load[i].smoothed = place.load[i].at(decay);
    place.load[i].held = instant_load(samples[i]);
    place.last[i] = samples[i];
  }
  place.since = std::max(place.since, now);
}

void Scaling::report(std::size_t index, std::uint64_t load, MonoTime now) {
  Place& place = this->place(index);
  place.told = std::min(load, kMostTold);
  place.told_at = now;
}

void Scaling::forget(std::size_t index) {
  if (index < places_.size()) places_[index] = {};
}

std::optional<std::uint64_t> Scaling::told(const Place& place, MonoTime now) const {
  return place.told && now - place.told_at < times_.reports_count ? place.told : std::nullopt;
}

double Scaling::load_of(std::size_t index, MonoTime now) const {
  if (index >= places_.size()) return 0;
  const Place& place = places_[index];
  if (const auto load = told(place, now)) return static_cast<double>(*load);
  const double decay = this->decay(place, now);
  return 100 * (place.load[0].at(decay) + place.load[1].at(decay));
}

Scaling::Sums Scaling::sums(std::span<const PlaceState> states, unsigned count, MonoTime now) const {
  Sums sums;
  for (std::size_t i = 0; i < count && i < states.size(); ++i) {
    if (states[i] == PlaceState::kUnusable) ++sums.unusable;
    if (!counts(states[i])) continue;
    ++sums.working;
    if (i >= places_.size()) continue;
    const Place& place = places_[i];
    const double decay = this->decay(place, now);
    for (std::size_t channel = 0; channel < kChannels; ++channel) {
      sums.load[channel] += place.load[channel].at(decay);
      sums.demand[channel] += demand_of(place.last[channel]);
      sums.waiting[channel] += place.last[channel].waiting;
    }
    sums.told += load_of(i, now);
    sums.anybody_told |= told(place, now).has_value();
  }
  for (const Channel channel : {Channel::kRemote, Channel::kLmtp})
    if (sums.at(channel) > sums.at(sums.busiest)) sums.busiest = channel;
  return sums;
}

double Scaling::average(std::span<const PlaceState> states, unsigned count, MonoTime now) const {
  return 100 * sums(states, count, now).average();
}

// The fewest places from the first on that hold enough queues which work.
unsigned Scaling::needed(const Sums& sums, std::span<const PlaceState> states, unsigned count) const {
  const double well = kWell * limits_.threshold / 100;
  double load = sums.at(sums.busiest);
  if (sums.anybody_told) load = std::max(load, sums.told / 200);
  const auto queues = static_cast<unsigned>(std::ceil(load / well - kNearlyNothing));
  const unsigned floor = std::min(limits_.floor, limits_.ceiling);
  unsigned places = 0, working = 0;
  while (places < count && (places < floor || working < queues))
    if (counts(states[places++])) ++working;
  return std::max(places, std::min(floor, count));
}

Duration Scaling::calm(MonoTime now) const {
  const bool regrets = regretted_at_ && now - *regretted_at_ < times_.regret_fades;
  return regrets ? times_.regretful_calm : times_.calm;
}

bool Scaling::grow(const Sums& sums, std::span<const PlaceState> states, MonoTime now, Decision& decision) {
  const double threshold = std::min(kHighest, limits_.threshold / 100.0);
  const bool loaded = sums.working > 0 && sums.average() >= threshold;
  const bool told = sums.anybody_told && sums.told > 2.0 * sums.working * limits_.threshold;
  if (!loaded && !told) return false;
  if (!loaded) decision.load = sums.told / (2 * sums.working);
  decision.cause = loaded ? Decision::Cause::kLoad : Decision::Cause::kMessage;
  if (grown_at_ && now - *grown_at_ < times_.between_growths) return true;
  if (decision.count >= limits_.ceiling) {
    decision.cause = Decision::Cause::kCeiling;
    return true;
  }
  if (sums.unusable >= kMostUnusable) return true;
  unsigned by = 1;
  if (loaded) {
    const double wanted = std::ceil(sums.demand[static_cast<std::size_t>(sums.busiest)] / threshold);
    const unsigned most = std::clamp(sums.working, 1u, kMostAtOnce);
    by = static_cast<unsigned>(std::clamp(wanted - sums.working, 1.0, static_cast<double>(most)));
  }
  by = std::min(by, limits_.ceiling - decision.count);
  decision.action = Decision::Action::kGrow;
  const auto drains = [&](unsigned place) { return place < states.size() && states[place] == PlaceState::kDraining; };
  if (drains(decision.count)) {
    decision.action = Decision::Action::kTakeBack;
    unsigned draining = 1;
    while (draining < by && drains(decision.count + draining)) ++draining;
    by = draining;
  }
  decision.by = by;
  if (drained_at_ && now - *drained_at_ < 2 * calm(now)) regretted_at_ = now;
  grown_at_ = now;
  return true;
}

bool Scaling::shrink(MonoTime now, Decision& decision) {
  if (decision.needed >= decision.count) {
    calm_since_.reset();
    return false;
  }
  if (!calm_since_) calm_since_ = now, peak_ = 0;
  peak_ = std::max(peak_, decision.needed);
  if (now - *calm_since_ < calm(now)) return false;
  if (drained_at_ && now - *drained_at_ < times_.between_drains) return false;
  decision.action = Decision::Action::kDrain;
  decision.by = (decision.count - std::min(peak_, decision.count - 1) + 1) / 2;
  drained_at_ = now;
  peak_ = 0;
  return true;
}

Decision Scaling::decide(std::span<const PlaceState> states, unsigned count, MonoTime now) {
  count = static_cast<unsigned>(std::min<std::size_t>(count, states.size()));
  const Sums sums = this->sums(states, count, now);
  Decision decision;
  decision.count = count;
  decision.working = sums.working;
  decision.channel = sums.busiest;
  decision.load = 100 * sums.average();
  decision.waiting = sums.waiting[static_cast<std::size_t>(sums.busiest)];
  decision.needed = needed(sums, states, count);
  if (limits_.keep_count) return decision;
  if (count > limits_.ceiling) {  // it was lowered
    decision.action = Decision::Action::kDrain;
    decision.by = count - limits_.ceiling;
    return decision;
  }
  if (grow(sums, states, now, decision))
    calm_since_.reset();
  else
    shrink(now, decision);
  return decision;
}

}  // namespace sluice::supervise
