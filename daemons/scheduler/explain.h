// Why a message is still here, for the control socket: what is listed of it, and for each recipient what its lane does,
// which runs have it in hand, and until when it is tried.
#pragma once

#include <optional>
#include <string>

#include "send.h"

namespace sluice::scheduler {

// nullopt: there is no such message.
std::optional<std::string> explained_message(Send& send, std::string_view queue_name, queue::MessageId id);

}  // namespace sluice::scheduler
