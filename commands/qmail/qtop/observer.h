// Observer: looks at all queues of an instance, one after the other, and remembers the last look for the rates.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "core/monitor/snapshot.h"
#include "core/settings/settings.h"
#include "system/observe/queues.h"

namespace sluice::qtop {

class Observer {
 public:
  // `log`: a file to follow, or a directory with a file "current"; empty: the one in the usual place, if there is one.
  Observer(const settings::Settings& settings, const std::string& log);

  // Waits for no queue longer than a second. Once `stop` is requested it leaves out the rest.
  monitor::Snapshot look(const std::stop_token& stop = {});

 private:
  monitor::QueueFigures look_at(const observe::Queue& queue, bool dynamic, std::vector<monitor::LaneFigures>& lanes);

  const settings::Settings& settings_;
  std::string log_;
  std::optional<monitor::Snapshot> last_;
  MonoTime last_at_{};
};

}  // namespace sluice::qtop
