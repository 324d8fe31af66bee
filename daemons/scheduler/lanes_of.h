// Which lanes the recipients of a message belong to, as jobs for the scheduler core. Asked when a message is admitted,
// when the state log is loaded, and when routes change; so routes are never stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "core/route/smtp_routes.h"
#include "core/schedule/views.h"

namespace sluice::scheduler {

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

// Jobs of the recipients that are not done and for which `skip` is false. `mono` and `wall` are the same moment.
LaneJobs lanes_of(const queue::Image::MessageView& message, const route::SmtpRoutes& routes, MonoTime mono,
                  WallTime wall, const std::vector<std::uint32_t>& skip = {});

// What the core is to know about the message; its view of the flow points into `flow`.
schedule::NewMessage new_message(const queue::Image::MessageView& message, std::string& flow, MonoTime mono,
                                 WallTime wall);

}  // namespace sluice::scheduler
