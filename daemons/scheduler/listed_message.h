// One message of the queue as the control socket lists it: what the image and the scheduler core know of it, in the
// JSON of core/monitor/message_json.h.
#pragma once

#include <string>
#include <string_view>

#include "send.h"

namespace sluice::scheduler {

std::string listed_message(Send& send, std::string_view queue_name, const queue::Image::MessageView& message);

}  // namespace sluice::scheduler
