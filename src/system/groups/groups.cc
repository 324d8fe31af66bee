#include "system/groups/groups.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/bytes.h"

namespace sluice::groups {

namespace {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Names of directories in `path`, sorted. Links are not followed: whoever can make one could lead us anywhere.
std::vector<std::string> directories_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (name.front() != '.' && is_directory(entry->path().string())) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string without_final_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Adds the directories that `path` stands for.
void expand(const std::string& path, std::vector<std::string>& directories) {
  if (!path.ends_with('*')) return directories.push_back(without_final_slashes(path));
  const std::size_t slash = path.rfind('/');
  const std::string above = path.substr(0, slash), beginning = path.substr(slash + 1, path.size() - slash - 2);
  bool any = false;
  for (const std::string& name : directories_in(above)) {
    // A queue is none of the directories that hold queues.
    if (!name.starts_with(beginning) || supervise::number_of_queue(name)) continue;
    directories.push_back(above + '/' + name);
    any = true;
  }
  if (!any) directories.push_back(without_final_slashes(above + '/' + beginning));
}

std::vector<std::string> directories_of(const route::QueueGroup& policy, const std::string& base) {
  std::vector<std::string> directories;
  for (const std::string& path : policy.paths) expand(path.starts_with('/') ? path : base + '/' + path, directories);
  if (directories.empty()) directories.push_back(base + '/' + policy.name);
  return directories;
}

Group default_group_of(const settings::Settings& settings, const route::QueueGroup& policy) {
  const auto bounds = supervise::dynamic_bounds(settings.queue_start, settings.queue_count, settings.queue_max);
  Group group{"default", policy, settings.queue_start, bounds.floor, bounds.ceiling, {}};
  expand(settings.queue_base, group.directories);
  return group;
}

// How many queues the directories of a wildcard ask for.
unsigned count_in(const Group& group, bool starter) {
  std::size_t count = starter ? group.directories.size() : 0;
  for (const std::string& directory : group.directories)
    for (const std::string& name : directories_in(directory))
      if (const auto number = supervise::number_of_queue(name); number && group.holds(*number))
        count = std::max<std::size_t>(count, *number - group.first + 1);
  return static_cast<unsigned>(std::min<std::size_t>(count, group.most));
}

// The map may name a group that counts only after a restart: such entries wait for that.
route::QueueGroups rules_of(const settings::Settings& settings) {
  if (auto rules = route::QueueGroups::of(settings.queuegroups, settings.queuegroupmap)) return std::move(*rules);
  const auto groups = route::QueueGroups::of(settings.queuegroups, {});
  if (!groups) return {};
  std::vector<std::string> known;
  for (const std::string& entry : settings.queuegroupmap)
    if (const auto parsed = route::parse_map_entry(entry); parsed && groups->find(parsed->group) != nullptr)
      known.push_back(entry);
  if (auto rules = route::QueueGroups::of(settings.queuegroups, known)) return std::move(*rules);
  return *groups;
}

}  // namespace

std::string base_directory(const settings::Settings& settings) {
  if (!settings.queue_base.ends_with('*')) return without_final_slashes(settings.queue_base);
  return settings.queue_base.substr(0, settings.queue_base.rfind('/'));
}

Groups::Groups(const settings::Settings& settings, Asker asker) : base_(base_directory(settings)) {
  rules_ = rules_of(settings);
  for (const route::QueueGroup& policy : rules_.all()) {
    if (groups_.empty()) {
      groups_.push_back(default_group_of(settings, policy));
      continue;
    }
    groups_.push_back(
        {policy.name, policy, policy.first_queue, policy.queue_min, policy.queue_max, directories_of(policy, base_)});
  }
  if (settings.queue_base.ends_with('*')) spread_default_group(asker);
}

void Groups::spread_default_group(Asker asker) {
  Group& group = groups_.front();
  std::vector<std::string> own;
  for (const std::string& directory : group.directories)
    if (std::none_of(groups_.begin() + 1, groups_.end(), [&](const Group& other) {
          return std::find(other.directories.begin(), other.directories.end(), directory) != other.directories.end();
        }))
      own.push_back(directory);
  if (!own.empty()) group.directories = std::move(own);
  group.least = std::max(group.least, count_in(group, asker == Asker::kStarter));
}

const Group* Groups::find(std::string_view name) const {
  if (ascii_equal_ignore_case(name, "default")) return &groups_.front();
  const auto found = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const Group& group) { return ascii_equal_ignore_case(group.policy.name, name); });
  return found == groups_.end() ? nullptr : &*found;
}

std::size_t Groups::group_with(unsigned number) const {
  for (std::size_t i = 1; i < groups_.size(); ++i)
    if (groups_[i].holds(number)) return i;
  return groups_.front().holds(number) ? 0 : group_left_behind(number);
}

// Of a number that no group has any more, by what is on disk.
std::size_t Groups::group_left_behind(unsigned number) const {
  const auto is_in = [number](const std::string& directory) {
    return is_directory(supervise::queue_at(directory, number).directory);
  };
  for (std::size_t i = 0; i < groups_.size() && groups_.size() > 1; ++i) {
    const Group& group = groups_[i];
    if (number >= group.first && std::any_of(group.directories.begin(), group.directories.end(), is_in)) return i;
  }
  return 0;
}

std::string Groups::directory_of(unsigned number) const {
  const Group& group = groups_[group_with(number)];
  const auto in = [number](const std::string& directory) { return supervise::queue_at(directory, number).directory; };
  if (group.directories.size() > 1)
    for (const std::string& directory : group.directories)
      if (is_directory(in(directory))) return in(directory);
  const unsigned place = number >= group.first ? number - group.first : 0;
  return in(group.directories[place % group.directories.size()]);
}

std::vector<std::string> Groups::directories() const {
  std::vector<std::string> all{base_};
  for (const Group& group : groups_)
    for (const std::string& directory : group.directories) {
      if (!directory.starts_with(base_ + '/')) continue;
      for (std::size_t end = base_.size(); end != directory.npos;) {
        end = directory.find('/', end + 1);
        const std::string each = directory.substr(0, end);
        if (std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
      }
    }
  return all;
}

std::vector<FoundQueue> Groups::found() const {
  std::map<unsigned, FoundQueue> found;
  for (std::size_t i = 0; i < groups_.size(); ++i)
    for (const std::string& directory : groups_[i].directories)
      for (const std::string& name : directories_in(directory)) {
        const auto number = supervise::number_of_queue(name);
        if (!number || *number == 0) continue;
        std::string path = directory + '/' + name;
        const auto [known, is_new] = found.try_emplace(*number, FoundQueue{*number, path, i});
        if (!is_new && path == directory_of(*number)) known->second = {*number, std::move(path), i};
      }
  std::vector<FoundQueue> queues;
  for (auto& [number, queue] : found) queues.push_back(std::move(queue));
  return queues;
}

}  // namespace sluice::groups
