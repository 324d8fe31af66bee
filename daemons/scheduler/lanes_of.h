// Which lanes the recipients of a message belong to, as jobs for the scheduler core. Asked when a message is admitted,
// when the state log is loaded, and when routes change; so routes are never stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "core/route/lmtp_routes.h"
#include "core/route/smtp_routes.h"
#include "core/schedule/views.h"

namespace sluice::scheduler {

struct Routes {
  route::SmtpRoutes smtp;
  route::LmtpRoutes lmtp;
};

struct LaneJobs {
  struct Job {
    queue::Channel channel;
    std::string destination;
    std::vector<std::uint32_t> recipients;
    std::uint32_t attempts = 0;
    std::optional<MonoTime> due;
  };
  std::vector<Job> jobs;
  // Views into `jobs`, for Scheduler::accept and reassign.
  std::vector<schedule::NewJob> views() const;
};

// Jobs of the recipients that are not done and for which `skip` is false. The destination of one that was routed to an
// LMTP server of which lmtproutes say nothing any more is empty: qmail-rspawn defers it and says why. `mono` and `wall`
// are the same moment.
LaneJobs lanes_of(const queue::Image::MessageView& message, const Routes& routes, MonoTime mono, WallTime wall,
                  const std::vector<std::uint32_t>& skip = {});

// What the core is to know about the message; its view of the flow points into `flow`.
schedule::NewMessage new_message(const queue::Image::MessageView& message, std::string& flow, MonoTime mono,
                                 WallTime wall);

}  // namespace sluice::scheduler
