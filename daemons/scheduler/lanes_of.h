// Which lanes the recipients of a message belong to, as jobs for the scheduler core. Asked when a message is admitted,
// when the state log is loaded, and when routes change; so routes are never stored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "core/route/lmtp_routes.h"
#include "core/route/queue_groups.h"
#include "core/route/router.h"
#include "core/route/smtp_routes.h"
#include "core/schedule/priority.h"
#include "core/schedule/views.h"

namespace sluice::scheduler {

// Which recipients belong to another queue group than the queue's own.
struct GroupPlan {
  route::QueueGroups groups;
  std::size_t own = 0;   // place in groups.all()
  route::Router router;  // as todo-proc's
  // The name of that group; nothing: the recipient stays.
  std::optional<std::string_view> other(const queue::Image::RecipientView& recipient) const;
};

struct Routes {
  route::SmtpRoutes smtp;
  route::LmtpRoutes lmtp;
  std::shared_ptr<const GroupPlan> groups{};  // empty: there is only one
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

// The lane of a local recipient: who owns the mailbox, as far as the address tells. That is the local part in lower
// case up to the first '-', behind which stand a user's own extensions (joe-list, joe-shop), and the domain. So the one
// user holds one lane, however many addresses mail comes to: neither a user with a thousand extensions nor a stalled
// home directory behind all of them takes more than a lane's share of the slots, and recipients of one message that end
// with one user go in one attempt. A user whose name holds a '-' shares a lane with those of the same beginning, which
// costs them nothing but that; a virtual domain is one lane, because one user owns it.
std::string mailbox_owner(std::string_view address);

// Recipients of another queue group that were never tried are a job in the channel kGroup, whose destination is the
// group's name; unless the message was handed over here by another group.
//
// A message whose sender asks for a return path of its own for each recipient (core/mail/verp.h) gets a job for each,
// so that its attempts have one recipient.
//
// Jobs of the recipients that are not done and for which `skip` is false. The destination of one that was routed to an
// LMTP server of which lmtproutes say nothing any more is empty: qmail-rspawn defers it and says why. `mono` and `wall`
// are the same moment.
LaneJobs lanes_of(const queue::Image::MessageView& message, const Routes& routes, MonoTime mono, WallTime wall,
                  const std::vector<std::uint32_t>& skip = {});

// What the core is to know about the message; its view of the flow points into `flow`.
schedule::NewMessage new_message(const queue::Image::MessageView& message, std::string& flow,
                                 const schedule::PriorityFactors& factors, MonoTime mono, WallTime wall);

}  // namespace sluice::scheduler
