// The shared memory and the message queues of an instance with dynamic queues: which there are, and whose they are.
// docs/formats.md, "Shared memory and message queues". Made by qscheduler (by qmail-start where there is no qscheduler)
// before the daemons that use them start; making them again keeps what is right and repairs the rest.
//
//   shm /qscheduler  root:qmail     0644        mq /qscheduler  root:qmail    0600
//   shm /queueN      qmails:qmail   0644        mq /queueN      qmailq:qmail  0640
//
// Without root everything belongs to the caller. A message queue that cannot be made is no error: its messages are only
// a hint, and what they would have told is found without them; `notes` then says so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "system/ipc/message_queue.h"
#include "system/ipc/shared_counts.h"
#include "system/layout/owners.h"

namespace sluice::ipc {

struct ObjectNotes {
  std::vector<std::string> lines;  // for the log: a limit was lowered, there is no message queue
};

// prefix: the setting ipc_prefix. name: of the queue, e.g. "queue1".
// limits: the settings msgqueuelen and msgqueuesize.
//   errors  a sentence: the shared memory cannot be made
Result<ObjectNotes, std::string> make_queue_objects(std::string_view prefix, std::string_view name, QueueLimits limits,
                                                    const layout::Owners& owners);
void remove_queue_objects(std::string_view prefix, std::string_view name);

struct SchedulerObjects {
  SharedCounts counts;                  // link::SchedulerCounts; readers see zeros until they are put
  std::optional<MessageQueue> reports;  // link::LoadMessage; open for reading
  ObjectNotes notes;
};
// "qscheduler" for the default group, "qscheduler.GROUP" for another, which has no message queue: what other programs
// say of loads they say to the first.
std::string scheduler_object(std::string_view group);
Result<SchedulerObjects, std::string> make_scheduler_objects(std::string_view prefix, std::string_view object,
                                                             const layout::Owners& owners);
// Removes the shared memory and the message queue. In static mode, too: clients take the shared memory for a sign that
// queues are dynamic.
void remove_scheduler_objects(std::string_view prefix, std::string_view object);

}  // namespace sluice::ipc
