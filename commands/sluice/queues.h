// The queues of an instance as a command meets them: their names and control sockets.
#pragma once

#include <string>
#include <vector>

#include "core/settings/settings.h"

namespace sluice::commands {

struct QueueName {
  std::string name;  // "queue1"
  std::string directory;
  std::string control;  // path of the control socket of its qmail-send
  bool always = true;   // one of the first QUEUE_COUNT, which run whenever the instance does
};
// Those first, then every other whose directory exists: with dynamic queues some of these run.
std::vector<QueueName> queues_of(const settings::Settings& settings);

// "5d2h", "3m10s", "0s": the two largest units of a time span.
std::string span_text(std::int64_t seconds);

}  // namespace sluice::commands
