// sendmail -bd, -bD, -q1h, -qp: becomes the daemon of the instance, which is qscheduler with a plan
// (core/supervise/daemon_plan.h).
#pragma once

#include "system/config/load.h"
#include "work.h"

namespace sluice::sendmail {

// As the command line came, and where the settings come from.
struct DaemonStart {
  int argc = 0;
  char* const* argv = nullptr;
  const settings::Loaded& loaded;
};

// In the background, unless Options::attached: 0 when the daemon stands, that is, its sockets are open and its queues
// are being started; else the status of what stopped it, which has been said. In the foreground it comes back only with
// an error.
int become_daemon(const Work& work, const DaemonStart& start);

}  // namespace sluice::sendmail
