// What a report about a message has to say of its recipients, out of what the state log knows of them. Pure.
#pragma once

#include <vector>

#include "core/mail/delivery_report.h"
#include "core/queue/image.h"
#include "core/route/router.h"

namespace sluice::scheduler {

// Recipients are named as their senders wrote them: `router` takes the prefixes of virtual domains off again.

// Of a message whose recipients are all settled: those that failed or, for `addressee` a sender, were delivered, and
// want that to be reported.
std::vector<mail::ReportedRecipient> settled_recipients(const queue::Image::MessageView& message,
                                                        mail::Addressee::Kind addressee, const route::Router& router);

// Those that are not settled and want to hear of delay.
std::vector<mail::ReportedRecipient> delayed_recipients(const queue::Image::MessageView& message, WallTime until,
                                                        const route::Router& router);

}  // namespace sluice::scheduler
