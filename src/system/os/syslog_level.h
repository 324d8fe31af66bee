// The level of syslog(3) for the priority that a line of a daemon has (core/activity/syslog_lines.h).
#pragma once

#include <syslog.h>

#include "core/activity/syslog_lines.h"

namespace sluice::os {

constexpr int syslog_level(activity::Priority priority) {
  switch (priority) {
    case activity::Priority::kAlert:
      return LOG_ALERT;
    case activity::Priority::kWarning:
      return LOG_WARNING;
    case activity::Priority::kNotice:
      return LOG_NOTICE;
    case activity::Priority::kInformation:
      break;
  }
  return LOG_INFO;
}

}  // namespace sluice::os
