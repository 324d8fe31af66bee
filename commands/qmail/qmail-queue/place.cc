#include "place.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/queue/layout.h"
#include "core/supervise/queue_set.h"
#include "stop.h"
#include "system/ipc/offered_queues.h"
#include "system/os/fd.h"

namespace sluice::qmail_queue {

namespace {

std::string name_of(const std::string& directory) { return directory.substr(directory.find_last_of('/') + 1); }

// The queue that the caller names. The instance serves it only if it is one of its own.
void use_named_queue(Places& places, std::string directory, const settings::Settings& settings) {
  if (directory.front() != '/') directory = settings.home + '/' + directory;
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  places.directories = {directory};
  places.states = {{.open = true}};
  const std::string name = name_of(directory);
  const auto number = supervise::number_of_queue(name);
  if (!number || directory != groups::Groups(settings).directory_of(*number)) return;
  places.intakes = {queue::intake_socket(settings.run_dir, name)};
}

// Run by root without the set-user-id bit.
bool become_owner(uid_t uid, gid_t gid) {
  if (::geteuid() != 0 || uid == 0) return true;
  return ::setgroups(1, &gid) == 0 && ::setresgid(gid, gid, gid) == 0 && ::setresuid(uid, uid, uid) == 0;
}

}  // namespace

bool is_set_user_id() { return ::getuid() != ::geteuid() && ::getuid() != 0; }

config::Environment caller_environment() {
  return {os::Environment::current(), ::getauxval(AT_SECURE) == 0 || !is_set_user_id()};
}

Places find_places(const config::Environment& environment) {
  const auto loaded = config::load({}, environment);
  if (!loaded) throw Stop{Exit::kSettings};
  const settings::Settings& settings = loaded->settings;
  if (!supervise::static_queues(settings.queue_base, settings.queue_start, settings.queue_count))
    throw Stop{Exit::kSettings};

  Places places;
  places.split = std::min<unsigned>(settings.conf_split, queue::kMaximumSplit);
  places.big_todo = settings.big_todo;
  const auto groups = std::make_shared<const groups::Groups>(settings);
  places.dynamic = ipc::published_counts(settings, groups->default_group()) ||
                   environment.variables.find("DYNAMIC_QUEUE").has_value();
  places.ipc_prefix = settings.ipc_prefix;
  const std::string named = environment.variables.find("QUEUEDIR").value_or("");
  if (!named.empty()) {
    use_named_queue(places, named, settings);
    return places;
  }
  for (const auto& [group, queue] : ipc::offers_of_groups(settings, *groups)) {
    places.directories.push_back(groups->directory_of(queue.number));
    places.intakes.push_back(ipc::intake_of(settings, queue.number));
    places.states.push_back(queue.state);
    places.groups.push_back(group);
  }
  places.rules = groups;
  return places;
}

std::vector<std::string> in_order(const Places& places, const mail::Envelope* envelope) {
  std::vector<select::QueueState> states = places.states;
  std::size_t group = 0;
  if (places.rules && envelope != nullptr)
    group =
        places.rules->choose(envelope->recipients, [](const mail::Recipient& one) -> Octets { return one.address; });
  for (std::size_t i = 0; i < places.groups.size(); ++i)
    if (places.groups[i] != group) states[i].load += select::kOtherGroup;
  std::vector<std::string> directories;
  for (const std::size_t chosen : select::QueueChoice(ipc::some_turn()).in_order(states))
    directories.push_back(places.directories[chosen]);
  return directories;
}

bool enter_queue(const std::string& directory) {
  const os::Fd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) return false;
  const bool ours = status.st_uid == ::geteuid() || status.st_uid == 0;
  if (is_set_user_id() && (!ours || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)) return false;
  return ::fchdir(fd.get()) == 0 && become_owner(status.st_uid, status.st_gid);
}

}  // namespace sluice::qmail_queue
