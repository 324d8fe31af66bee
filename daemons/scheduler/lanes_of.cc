#include "lanes_of.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>

#include "base/codec.h"
#include "core/mail/address.h"
#include "core/mail/delivery_mode.h"
#include "core/mail/precedence.h"
#include "core/mail/verp.h"
#include "core/queue/envelope_codec.h"

namespace sluice::scheduler {

std::vector<schedule::NewJob> LaneJobs::views() const {
  std::vector<schedule::NewJob> views;
  views.reserve(jobs.size());
  for (const Job& job : jobs) views.push_back({{job.channel, job.destination}, job.recipients, job.attempts, job.due});
  return views;
}

std::string mailbox_owner(std::string_view address) {
  const std::string_view local = mail::local_part_of(address);
  return ascii_lowered(local.substr(0, local.find('-'))).append(address.substr(local.size()));
}

namespace {

std::string destination_of(const queue::Image::RecipientView& recipient, const Routes& routes) {
  switch (recipient.channel) {
    case queue::Channel::kLocal:
      return mailbox_owner(recipient.address);
    case queue::Channel::kRemote:
      return routes.smtp.destination(mail::domain_of(recipient.address));
    case queue::Channel::kLmtp:
    case queue::Channel::kGroup:
      break;
  }
  return std::string(routes.lmtp.destination(recipient.address));
}

// Finds the job that takes a recipient, for as many of both as a message may have.
class JobFinder {
 public:
  explicit JobFinder(std::vector<LaneJobs::Job>& jobs) : jobs_(jobs) {}

  void add(LaneJobs::Job&& job, std::uint32_t recipient) {
    const std::size_t place =
        jobs_.size() < kFew ? look_for(job) : places_of_all().try_emplace(key_of(job), jobs_.size()).first->second;
    if (place == jobs_.size()) jobs_.push_back(std::move(job));
    jobs_[place].recipients.push_back(recipient);
  }

 private:
  static constexpr std::size_t kFew = 16;  // so many are compared sooner than hashed
  using Places = boost::unordered_flat_map<std::string, std::size_t>;

  // Recipients come in runs of the same domain more often than not: the youngest job first.
  std::size_t look_for(const LaneJobs::Job& job) const {
    const auto same = std::find_if(jobs_.rbegin(), jobs_.rend(), [&](const LaneJobs::Job& other) {
      return other.channel == job.channel && other.destination == job.destination && other.attempts == job.attempts &&
             other.due == job.due;
    });
    return same == jobs_.rend() ? jobs_.size() : static_cast<std::size_t>(jobs_.rend() - same) - 1;
  }

  Places& places_of_all() {
    if (places_.empty())
      for (std::size_t i = 0; i < jobs_.size(); ++i) places_.try_emplace(key_of(jobs_[i]), i);
    return places_;
  }

  static std::string key_of(const LaneJobs::Job& job) {
    std::string key = job.destination;
    Encoder to(key);
    to.u8(static_cast<std::uint8_t>(job.channel));
    to.u32(job.attempts);
    to.u64(job.due ? static_cast<std::uint64_t>(job.due->time_since_epoch().count()) : 0);
    to.u8(job.due ? 1 : 0);
    return key;
  }

  std::vector<LaneJobs::Job>& jobs_;
  Places places_;
};

// Whether the head of the envelope says that another group handed the message over.
bool is_in_place(Octets envelope) {
  queue::EnvelopeFields fields(envelope);
  while (fields.next() && fields.letter() != 'T')
    if (fields.letter() == 'g') return fields.value() == Octets("\1", 1);
  return false;
}

}  // namespace

std::optional<std::string_view> GroupPlan::other(const queue::Image::RecipientView& recipient) const {
  if (recipient.status != queue::RecipientStatus::kUntried) return std::nullopt;
  const bool local = recipient.channel == queue::Channel::kLocal;
  const auto group =
      groups.group_of(local ? router.without_prefix(std::string(recipient.address)) : std::string(recipient.address));
  if (!group || *group == own) return std::nullopt;
  return groups.all()[*group].name;
}

LaneJobs lanes_of(const queue::Image::MessageView& message, const Routes& routes, MonoTime mono, WallTime wall,
                  const std::vector<std::uint32_t>& skip) {
  LaneJobs lanes;
  JobFinder finder(lanes.jobs);
  // Its submitter asks for a run of it; should that never come, it goes by itself.
  const bool left_to_submitter = message.delivery_mode() == mail::DeliveryMode::kInteractive &&
                                 message.arrival() <= wall && wall < message.arrival() + mail::kInteractiveWait;
  const bool apart = mail::verp_base(message.sender()).has_value();  // each has a return path of its own
  const GroupPlan* const groups = routes.groups && !is_in_place(message.envelope()) ? routes.groups.get() : nullptr;
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (queue::is_done(recipient.status)) return;
    if (std::find(skip.begin(), skip.end(), recipient.index) != skip.end()) return;
    LaneJobs::Job job;
    const auto group = groups != nullptr ? groups->other(recipient) : std::nullopt;
    job.channel = group ? queue::Channel::kGroup : recipient.channel;
    job.destination = group ? std::string(*group) : destination_of(recipient, routes);
    job.attempts = recipient.attempts;
    if (recipient.status == queue::RecipientStatus::kDeferred)
      job.due = mono + (recipient.next_attempt - wall);
    else if (left_to_submitter && !group)
      job.due = mono + (message.arrival() + mail::kInteractiveWait - wall);
    if (apart && !group) {
      job.recipients.push_back(recipient.index);
      lanes.jobs.push_back(std::move(job));
      return;
    }
    finder.add(std::move(job), recipient.index);
  });
  return lanes;
}

namespace {

// The flow that the submitter named, which stands in the head of the envelope, before the recipients.
std::string_view flow_in(Octets envelope) {
  queue::EnvelopeFields fields(envelope);
  while (fields.next() && fields.letter() != 'T')
    if (fields.letter() == 'f') return fields.value();
  return {};
}

}  // namespace

schedule::NewMessage new_message(const queue::Image::MessageView& message, std::string& flow,
                                 const schedule::PriorityFactors& factors, MonoTime mono, WallTime wall) {
  flow = flow_in(message.envelope());
  if (flow.empty()) flow = mail::domain_of(message.sender());
  schedule::NewMessage fresh;
  fresh.id = message.id();
  fresh.arrival = mono + (message.arrival() - wall);
  fresh.null_sender = message.sender().empty();
  fresh.flow = flow;
  fresh.warned = message.warned() || !mail::hears_of_delay(message.sender(), message.precedence());
  fresh.urgency = message.urgency();
  fresh.mode = message.delivery_mode();
  fresh.priority =
      schedule::priority_number(message.body().length, message.precedence(), message.recipients(), 0, factors);
  return fresh;
}

}  // namespace sluice::scheduler
