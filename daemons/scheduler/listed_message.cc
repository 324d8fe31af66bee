#include "listed_message.h"

#include <algorithm>
#include <vector>

#include "core/monitor/image_json.h"

namespace sluice::scheduler {

namespace {

using monitor::MessageWriter;
using queue::Image;

// Why recipient `index` waits, among the jobs of its message.
const schedule::Explanation::Job* job_of(const std::optional<schedule::Explanation>& explanation, std::uint32_t index) {
  if (!explanation) return nullptr;
  for (const auto& job : explanation->jobs)
    if (std::find(job.recipients.begin(), job.recipients.end(), index) != job.recipients.end()) return &job;
  return nullptr;
}

void add_recipient(MessageWriter& writer, Send& send, const Image::RecipientView& view,
                   const schedule::Explanation::Job* job) {
  MessageWriter::Recipient recipient = monitor::recipient_of(view);
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
  writer.begin(monitor::head_of(message, queue_name));
  message.each_recipient(
      [&](const Image::RecipientView& view) { add_recipient(writer, send, view, job_of(explanation, view.index)); });
  writer.end();
  return out;
}

}  // namespace sluice::scheduler
