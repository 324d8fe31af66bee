#include "listed_message.h"

#include <algorithm>
#include <vector>

#include "core/monitor/image_json.h"

namespace sluice::scheduler {

namespace {

using monitor::MessageWriter;
using queue::Image;

// The jobs of a message by recipient: why each waits. Messages of few recipients, as nearly all are, cost no memory.
class JobsByRecipient {
 public:
  using Job = schedule::Explanation::Job;
  JobsByRecipient(const std::vector<Job>& jobs, std::uint32_t recipients) : jobs_(jobs) {
    constexpr std::uint32_t kFew = 8;
    if (recipients <= kFew) return;
    places_.resize(recipients);
    for (const Job& job : jobs)
      for (const std::uint32_t index : job.recipients)
        if (index < recipients) places_[index] = &job;
  }
  // Null: it waits for nothing.
  const Job* of(std::uint32_t index) const {
    if (!places_.empty()) return index < places_.size() ? places_[index] : nullptr;
    for (const Job& job : jobs_)
      if (std::find(job.recipients.begin(), job.recipients.end(), index) != job.recipients.end()) return &job;
    return nullptr;
  }

 private:
  const std::vector<Job>& jobs_;
  std::vector<const Job*> places_;
};

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
  static const std::vector<schedule::Explanation::Job> kNoJobs;
  const JobsByRecipient jobs(explanation ? explanation->jobs : kNoJobs, message.recipients());
  std::string out;
  MessageWriter writer(out);
  writer.begin(monitor::head_of(message, queue_name));
  message.each_recipient(
      [&](const Image::RecipientView& view) { add_recipient(writer, send, view, jobs.of(view.index)); });
  writer.end();
  return out;
}

}  // namespace sluice::scheduler
