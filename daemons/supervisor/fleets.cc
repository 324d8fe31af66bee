#include "fleets.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sluice::supervisor {

namespace {

FleetLimits limits_of(const settings::Settings& settings, const groups::Group& group) {
  if (group.is_default()) return {group.least, settings.queue_max, settings.max_load, settings.error_interval};
  return {group.least, group.most, settings.max_load, settings.error_interval};
}

}  // namespace

Fleets::Fleets(net::Loop& loop, const Instance& instance, const layout::Owners& owners,
               const settings::Settings& settings) {
  const auto tell_all = [this](std::span<const link::LoadMessage> messages) {
    for (const auto& fleet : fleets_) fleet->loads(messages);
  };
  for (const groups::Group& group : instance.groups.all())
    fleets_.push_back(std::make_unique<Fleet>(loop, instance, group, owners, limits_of(settings, group), tell_all));
}

void Fleets::start() {
  for (const auto& fleet : fleets_) fleet->start();
}

void Fleets::set_limits(const settings::Settings& settings) {
  for (const auto& fleet : fleets_) fleet->set_limits(limits_of(settings, fleet->group()));
}

bool Fleets::settled() const {
  return std::all_of(fleets_.begin(), fleets_.end(), [](const auto& fleet) { return fleet->settled(); });
}

bool Fleets::ended(pid_t pid, int status) {
  return std::any_of(fleets_.begin(), fleets_.end(), [&](const auto& fleet) { return fleet->ended(pid, status); });
}

void Fleets::forward(int signo) {
  for (const auto& fleet : fleets_) fleet->forward(signo);
}

void Fleets::stop(std::function<void()> then) {
  const auto left = std::make_shared<std::size_t>(fleets_.size());
  for (const auto& fleet : fleets_)
    fleet->stop([left, then] {
      if (--*left == 0) then();
    });
}

Result<void, std::string> Fleets::pause(unsigned number, bool on) {
  for (const auto& fleet : fleets_)
    if (fleet->has(number)) return fleet->pause(number, on);
  return fail(fmt::format("there is no queue {} that is run", number));
}

std::vector<nlohmann::json> Fleets::describe() const {
  std::vector<nlohmann::json> all;
  for (const auto& fleet : fleets_) all.push_back(fleet->describe());
  return all;
}

std::vector<nlohmann::json> Fleets::reports() const {
  std::vector<nlohmann::json> all;
  for (const auto& fleet : fleets_)
    for (auto& report : fleet->reports()) all.push_back(std::move(report));
  return all;
}

}  // namespace sluice::supervisor
