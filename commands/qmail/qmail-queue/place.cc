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
  places.queues = {directory};
  const std::string name = name_of(directory);
  if (directory != settings.queue_base + '/' + name) return;
  places.intakes = {queue::intake_socket(settings.run_dir, name)};
  places.states = {{.open = true}};
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
  const ipc::OfferedQueues offered = ipc::offered_queues(settings);
  places.dynamic = offered.dynamic || environment.variables.find("DYNAMIC_QUEUE").has_value();
  places.ipc_prefix = settings.ipc_prefix;
  const std::string named = environment.variables.find("QUEUEDIR").value_or("");
  if (!named.empty()) {
    use_named_queue(places, named, settings);
    return places;
  }
  places.states = offered.states();
  for (const ipc::OfferedQueue& queue : offered.queues)
    places.intakes.push_back(ipc::intake_of(settings, queue.number));
  select::QueueChoice choice(ipc::some_turn());
  for (const std::size_t chosen : choice.in_order(places.states))
    places.queues.push_back(settings.queue_base + '/' + ipc::queue_name(offered.queues[chosen].number));
  return places;
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
