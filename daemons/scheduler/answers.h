// Answers: what qmail-send says on its control socket (docs/formats.md, "Control sockets"). One JSON object an answer.
// Any user of the machine may ask for the queue and for runs, but for settings that forbid it; the rest is for root and
// qmail-send's own user.
//
//   {"what":"status"}   one object: counts, limits, load, daemons, runs, figures since the start (see figures.h)
//   {"what":"queue"}    an object a message: who, where to, why it is still here and when next (listing.h)
//   {"what":"explain"}  the same of one message, and more (explain.h)
//   {"what":"run"}      a queue run (runs.h); {"what":"runs"}: those that wait or are under way
//   {"what":"hold"}     and "release" and "delete": orders about messages (operator_orders.h)
//   {"what":"lanes"}    an object a lane; with "busiest":N at most N, the busiest first
//   {"what":"forget"}   ends the back-off of a destination, or of all
#pragma once

#include "send.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

ipc::ControlServer::Handler answers_of(Send& send, std::string queue_name, std::string queue_directory);

}  // namespace sluice::scheduler
