// What the image of a queue says of its messages, as a listing shows it (message_json.h): the same whether the queue's
// scheduler runs or somebody reads the stopped queue. Pure.
#pragma once

#include <string_view>

#include "core/monitor/message_json.h"
#include "core/queue/image.h"

namespace sluice::monitor {

// Views into the message and the name: valid until the image changes. Why a recipient waits and when it is next is not
// in the image.
MessageWriter::Head head_of(const queue::Image::MessageView& message, std::string_view queue_name);
MessageWriter::Recipient recipient_of(const queue::Image::RecipientView& recipient);

}  // namespace sluice::monitor
