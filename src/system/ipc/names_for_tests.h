// A prefix of its own for each test, and what it made removed at its end.
#pragma once

#include <unistd.h>

#include <string>

#include "system/ipc/queue_objects.h"

namespace sluice::ipc {

class TestNames {
 public:
  explicit TestNames(const char* test)
      : prefix(std::string("sluice-") + test + '-' + std::to_string(::getpid()) + '-') {}
  ~TestNames() {
    for (const char* name : {"queue1", "queue2", "queue3"}) remove_queue_objects(prefix, name);
    remove_scheduler_objects(prefix, "qscheduler");
  }
  TestNames(const TestNames&) = delete;

  std::string operator()(const char* name) const { return '/' + prefix + name; }
  const std::string prefix;
};

inline ObjectAccess own(mode_t mode) { return {::geteuid(), ::getegid(), mode}; }

}  // namespace sluice::ipc
