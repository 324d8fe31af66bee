#include "listed_message.h"

#include <algorithm>
#include <vector>

#include "core/monitor/message_json.h"
#include "core/queue/envelope_codec.h"

namespace sluice::scheduler {

namespace {

using monitor::MessageWriter;
using queue::Image;

std::string_view state_of(queue::RecipientStatus status) {
  switch (status) {
    case queue::RecipientStatus::kUntried:
      return "new";
    case queue::RecipientStatus::kDeferred:
      return "deferred";
    case queue::RecipientStatus::kDelivered:
      return "delivered";
    case queue::RecipientStatus::kFailed:
      break;
  }
  return "failed";
}

bool is_eight_bit(Octets envelope) {
  queue::EnvelopeFields fields(envelope);
  while (fields.next() && fields.letter() != 'T')
    if (fields.letter() == 'B') return fields.value() == Octets("\1", 1);
  return false;
}

// Why recipient `index` waits, among the jobs of its message.
const schedule::Explanation::Job* job_of(const std::optional<schedule::Explanation>& explanation, std::uint32_t index) {
  if (!explanation) return nullptr;
  for (const auto& job : explanation->jobs)
    if (std::find(job.recipients.begin(), job.recipients.end(), index) != job.recipients.end()) return &job;
  return nullptr;
}

void add_recipient(MessageWriter& writer, Send& send, const Image::RecipientView& view,
                   const schedule::Explanation::Job* job) {
  MessageWriter::Recipient recipient{.address = view.address,
                                     .channel = queue::name_of(view.channel),
                                     .state = state_of(view.status),
                                     .attempts = view.attempts,
                                     .text = view.text};
  if (queue::is_done(view.status) || job == nullptr) return writer.recipient(recipient);
  recipient.reason = schedule::name_of(job->reason);
  recipient.lane = job->destination;
  const MonoTime next = job->until.value_or(job->due);
  const bool waits_for_run = job->reason == schedule::Reason::kQueueRun || job->reason == schedule::Reason::kExpensive;
  if (!waits_for_run || job->until) recipient.next = to_seconds(send.loop().wall() + (next - send.loop().now()));
  std::vector<MessageWriter::Holder> holders;
  for (const schedule::SharedLimits::Holder& holder : job->holders) holders.push_back({holder.queue, holder.attempts});
  recipient.holders = holders;
  writer.recipient(recipient);
}

}  // namespace

std::string listed_message(Send& send, std::string_view queue_name, const Image::MessageView& message) {
  const auto explanation = send.core().explain(message.id());
  std::string out;
  MessageWriter writer(out);
  writer.begin({.id = message.id().raw(),
                .queue = queue_name,
                .sender = message.sender(),
                .arrival = to_seconds(message.arrival()),
                .size = message.body().length,
                .accepted = message.recipients(),
                .precedence = message.precedence(),
                .eight_bit = is_eight_bit(message.envelope()),
                .warned = message.warned(),
                .held = message.held(),
                .hold_reason = message.hold_reason()});
  message.each_recipient(
      [&](const Image::RecipientView& view) { add_recipient(writer, send, view, job_of(explanation, view.index)); });
  writer.end();
  return out;
}

}  // namespace sluice::scheduler
