#include "system/ipc/queue_objects.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "core/link/queue_counts.h"
#include "core/route/queue_groups.h"

namespace sluice::ipc {

namespace {

using queue::Group;
using queue::User;

constexpr std::string_view kScheduler = "qscheduler";
constexpr QueueLimits kReports{10, 8192};  // what the kernel gives a queue of which nothing is said

ObjectAccess access_of(const layout::Owners& owners, User user, mode_t mode) {
  return {owners.uid(user), owners.gid(Group::kQmail), mode};
}

// True: it exists.
bool make_hints(const std::string& name, QueueLimits limits, const ObjectAccess& access, ObjectNotes& notes) {
  const auto made = make_message_queue(name, limits, access);
  if (!made) {
    notes.lines.push_back(made.error() + "; the system works without it");
    return false;
  }
  if (made->lowered)
    notes.lines.push_back(
        fmt::format("message queue {} is made for {} messages of {} octets, not {} of {}: the "
                    "system allows no more",
                    name, made->limits.messages, made->limits.octets, limits.messages, limits.octets));
  return true;
}

}  // namespace

Result<ObjectNotes, std::string> make_queue_objects(std::string_view prefix, std::string_view name, QueueLimits limits,
                                                    const layout::Owners& owners) {
  const std::string object = link::ipc_name(prefix, name);
  ObjectNotes notes;
  auto counts = SharedCounts::make(object, link::QueueCounts::kOctets, access_of(owners, User::kScheduler, 0644));
  if (!counts) return fail(std::move(counts.error()));
  make_hints(object, limits, access_of(owners, User::kQueue, 0640), notes);
  return notes;
}

void remove_queue_objects(std::string_view prefix, std::string_view name) {
  const std::string object = link::ipc_name(prefix, name);
  remove_shared_counts(object);
  remove_message_queue(object);
}

std::string scheduler_object(std::string_view group) {
  if (group == route::kDefaultGroup) return std::string(kScheduler);
  return fmt::format("{}.{}", kScheduler, ascii_lowered(group));
}

Result<SchedulerObjects, std::string> make_scheduler_objects(std::string_view prefix, std::string_view scheduler,
                                                             const layout::Owners& owners) {
  const std::string object = link::ipc_name(prefix, scheduler);
  auto counts = SharedCounts::make(object, link::SchedulerCounts::kOctets, access_of(owners, User::kRoot, 0644));
  if (!counts) return fail(std::move(counts.error()));
  SchedulerObjects objects{std::move(*counts), std::nullopt, {}};
  if (scheduler != kScheduler) return objects;
  if (!make_hints(object, kReports, access_of(owners, User::kRoot, 0600), objects.notes)) return objects;
  auto reports = MessageQueue::open(object, MessageQueue::Use::kRead);
  if (reports)
    objects.reports = std::move(*reports);
  else
    objects.notes.lines.push_back(reports.error());
  return objects;
}

void remove_scheduler_objects(std::string_view prefix, std::string_view scheduler) {
  const std::string object = link::ipc_name(prefix, scheduler);
  remove_shared_counts(object);
  remove_message_queue(object);
}

}  // namespace sluice::ipc
