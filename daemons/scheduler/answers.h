// Answers: what qmail-send says on its control socket. One JSON object an answer. Users other than root and
// qmail-send's own may ask for the queue only, and not for that with restrict_mailq.
//
//   {"what":"status"}   one object: counts, limits, load, daemons, figures since the start (see figures.h)
//   {"what":"queue"}    an object a message, oldest first: who, where to, why it is still here and when next
//   {"what":"lanes"}    an object a lane; with "busiest":N at most N, the busiest first
#pragma once

#include "send.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

ipc::ControlServer::Handler answers_of(Send& send, std::string queue_name, std::string queue_directory);

}  // namespace sluice::scheduler
