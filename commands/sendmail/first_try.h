// When a message that sendmail queues is first tried (-od and -v), and the waiting of those who want to know what
// became of it: the queue's qmail-send is asked over its control socket for a run of this one message, which ends when
// each of its recipients was tried once.
#pragma once

#include "core/mail/delivery_mode.h"
#include "core/queue/message.h"
#include "work.h"

namespace sluice::sendmail {

// What -od or the setting delivery_mode says; -v overrides both, because who watches waits.
mail::DeliveryMode delivery_mode(const Work& work);

// Waits until every recipient of the message was tried, and shows the transcript with -v.
//   result  EX_OK if all were delivered or are tried again later, else the status of a failure that is final, such as
//           EX_NOUSER. Also EX_OK if nobody can say (no daemon runs, or we may not ask): the message is queued
int try_now(const Work& work, queue::MessageId id);

}  // namespace sluice::sendmail
