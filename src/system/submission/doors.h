// The two doors, each for a message that was begun; see submission.h for what they do.
#pragma once

#include "system/submission/message.h"
#include "system/submission/submission.h"

namespace sluice::submission {

Result<queue::MessageId, IntakeRefusal> submit_to_intake(const Doors& doors, const mail::Envelope& envelope,
                                                         Message& message, const std::optional<Whom>& whom);

// Runs the queue program. Its message has LF lines, whatever form `message` has.
Result<void, Refusal> submit_to_program(const Doors& doors, const mail::Envelope& envelope, Message& message);

}  // namespace sluice::submission
