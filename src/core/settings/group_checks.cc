#include "core/settings/group_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bytes.h"
#include "core/route/queue_groups.h"

namespace sluice::settings {
namespace {

constexpr std::string_view kDeclared = "queuegroups", kMap = "queuegroupmap";

std::string_view base_of(std::string_view queue_base) {
  if (queue_base.ends_with('*')) queue_base = queue_base.substr(0, queue_base.rfind('/'));
  while (queue_base.size() > 1 && queue_base.ends_with('/')) queue_base.remove_suffix(1);
  return queue_base;
}

// The name of a directory of a queue: queue7.
bool is_queue_name(std::string_view name) {
  constexpr std::string_view kQueue = "queue";
  if (!name.starts_with(kQueue) || name.size() == kQueue.size()) return false;
  return std::all_of(name.begin() + kQueue.size(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What is wrong with a directory of queues that lies where it should.
std::string flaw_of(std::string_view path, std::string_view base) {
  std::string_view inside = path.starts_with('/') ? path.substr(std::min(base.size() + 1, path.size())) : path;
  while (!inside.empty()) {
    const std::string_view name = inside.substr(0, inside.find('/'));
    if (name.empty() || name == ".") return fmt::format("P={}: \"{}\" names no directory", path, name);
    if (is_queue_name(name)) return fmt::format("P={}: {} is the name of a queue", path, name);
    inside.remove_prefix(std::min(name.size() + 1, inside.size()));
  }
  return {};
}

class Checker {
 public:
  explicit Checker(const Settings& settings) : settings_(settings), base_(base_of(settings.queue_base)) {}

  std::vector<GroupProblem> run() {
    if (settings_.queuegroups.empty() && settings_.queuegroupmap.empty()) return {};
    if (check_declarations() && check_map()) {
      check_numbers();
      check_paths();
    }
    return std::move(problems_);
  }

 private:
  void report(std::string_view setting, std::size_t entry, std::string what, std::size_t at = 0) {
    problems_.push_back({setting, entry, at, std::move(what)});
  }

  std::string trouble_with(std::span<const std::string> declarations) const {
    const auto groups = route::QueueGroups::of(declarations, {});
    if (!groups) return groups.error();
    const auto paths = groups->check_paths(base_);
    return paths ? std::string() : paths.error();
  }

  // Which declaration is at fault: the first with which they cannot be.
  bool check_declarations() {
    const std::span all(settings_.queuegroups);
    if (trouble_with(all).empty()) return true;
    for (std::size_t count = 1; count <= all.size(); ++count) {
      std::string trouble = trouble_with(all.first(count));
      if (trouble.empty()) continue;
      report(kDeclared, count - 1, std::move(trouble));
      break;
    }
    return false;
  }

  bool check_map() {
    auto groups = route::QueueGroups::of(settings_.queuegroups, {});
    groups_ = std::move(*groups);
    std::vector<std::string> names;
    for (const auto& group : groups_.all()) names.push_back(group.name);
    for (std::size_t i = 0; i < settings_.queuegroupmap.size(); ++i) {
      const std::string_view entry = settings_.queuegroupmap[i];
      const std::size_t at = entry.rfind(':') + 1;
      if (groups_.find(entry.substr(at)) == nullptr)
        report(kMap, i, fmt::format("Queue group {} unknown; declared: {}", entry.substr(at), fmt::join(names, ", ")),
               at);
    }
    if (!problems_.empty()) return false;
    if (const auto whole = route::QueueGroups::of(settings_.queuegroups, settings_.queuegroupmap); !whole)
      report(kMap, settings_.queuegroupmap.size(), whole.error());
    return problems_.empty();
  }

  // The entry that declares it.
  std::size_t entry_of(const route::QueueGroup& group) const {
    for (std::size_t i = 0; i < settings_.queuegroups.size(); ++i)
      if (const auto declared = route::parse_group(settings_.queuegroups[i]);
          declared && ascii_equal_ignore_case(declared->name, group.name))
        return i;
    return settings_.queuegroups.size();
  }

  void check_numbers() {
    const std::uint32_t first = settings_.queue_start;
    const std::uint32_t last =
        std::min(first + std::max(settings_.queue_count, settings_.queue_max) - 1, route::kLastQueue);
    for (const auto& group : groups_.all().subspan(1)) {
      const std::uint32_t group_last = group.first_queue + group.queue_max - 1;
      const auto numbers = fmt::format("queue {}: its queues are {} to {}", group.name, group.first_queue, group_last);
      if (group.first_queue <= last && group_last >= first)
        report(kDeclared, entry_of(group),
               fmt::format("{}, those of the default group {} to {}: give it another first number (s=), or lower "
                           "queue_count and queue_max",
                           numbers, first, last));
    }
  }

  void check_paths() {
    for (const auto& group : groups_.all())
      for (const std::string& path : group.paths)
        if (const auto flaw = flaw_of(path, base_); !flaw.empty())
          report(kDeclared, entry_of(group), fmt::format("queue {}: {}", group.name, flaw));
  }

  const Settings& settings_;
  std::string_view base_;
  route::QueueGroups groups_;
  std::vector<GroupProblem> problems_;
};

}  // namespace

std::vector<GroupProblem> check_groups(const Settings& settings) { return Checker(settings).run(); }

}  // namespace sluice::settings
