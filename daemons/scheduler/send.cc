#include "send.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/invariant.h"
#include "core/mail/verp.h"
#include "core/queue/envelope_codec.h"
#include "lanes_of.h"
#include "system/os/failure.h"

namespace sluice::scheduler {

namespace {

constexpr Duration kRetryDisk{1000};

}  // namespace

Send::Send(net::Loop& loop, Activity& activity, std::unique_ptr<store::StateLog> log,
           std::unique_ptr<store::BodyReader> bodies, SendPeers peers, SendSettings settings,
           std::uint64_t segment_size, Reclaim::Strays strays, Reread reread, OtherGroups::Offers other_groups,
           schedule::SharedLimits* shared)
    : loop_(loop),
      activity_(activity),
      bodies_(std::move(bodies)),
      settings_(std::move(settings)),
      reread_(std::move(reread)),
      core_(settings_.policy, shared),
      ledger_(loop, std::move(log),
              [this](const std::string& what) {
                activity_.add(
                    [&](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_warning(out, what); });
              }),
      local_(loop, link::Role::kLocalDelivery, std::move(peers.local), callbacks_of(local_, &Send::from_spawner)),
      remote_(loop, link::Role::kRemoteDelivery, std::move(peers.remote), callbacks_of(remote_, &Send::from_spawner)),
      clean_(loop, link::Role::kClean, std::move(peers.clean), callbacks_of(clean_, &Send::from_clean)),
      todo_(loop, link::Role::kTodo, std::move(peers.todo), callbacks_of(todo_, &Send::from_todo)),
      intake_(loop, link::Role::kIntake, std::move(peers.intake), callbacks_of(intake_, &Send::from_intake)),
      reports_(loop, intake_, *bodies_, activity, settings_.reports,
               {[this](queue::MessageId id, std::optional<queue::MessageId> report) { finish(id, report); },
                [this](queue::MessageId id, std::optional<queue::MessageId> report) {
                  ledger_.record(queue::Warned{id, report.value_or(queue::MessageId{})});
                }}),
      other_groups_(
          loop, *bodies_, std::move(other_groups),
          [this](schedule::AttemptId attempt, const std::string& group, const ipc::Submitter::Answer& answer) {
            handed_over(attempt, group, answer);
          },
          [](const std::string& what) { os::say("info", "qmail-send", what); }),
      reclaim_(
          loop, ledger_, clean_, intake_, segment_size,
          [this](std::uint64_t segment) { return attempts_.reads(segment); }, std::move(strays)),
      extra_headers_(
          loop, ledger_, intake_, [this](queue::MessageId id) { schedule_adopted(id); },
          [](const std::string& what) { os::say("alert", "qmail-send", what); }),
      supervisor_(
          loop, std::move(peers.supervisor),
          {[this] { return report(); }, [this](link::Role role, os::Fd socket) { replace(role, std::move(socket)); },
           [this](bool on) { drain(on); }, [this](bool on) { pause(on); }, [this] { pause(paused_); }}),
      runs_(*this, loop),
      wake_(loop, [this] { plan(); }),
      patience_(loop, [this] { stop_now(); }),
      loss_timer_(loop, [this] { tell_losses(); }),
      quiet_timer_(loop, [this] { ask_whether_quiet(); }),
      has_logger_(peers.logger != 0),
      logger_pid_(peers.logger) {
  activity_.on_lost([this] { return logger_lost(); });
}

void Send::start(Adoption::Settings adoption) {
  ledger_.load();
  Adoption::Done adopted = adopt(adoption);
  std::vector<queue::MessageId> settled;  // before a crash, but not yet finished
  queue::MessageId after;
  for (bool more = true; more;) {
    const auto next = image().visit(after, 1000, [&](const queue::Image::MessageView& message) {
      if (adopted.withheld.contains(message.id())) return;
      if (message.pending() > 0)
        schedule(message);
      else
        settled.push_back(message.id());
    });
    more = next.has_value();
    if (next) after = *next;
  }
  for (const queue::MessageId id : settled) complete(id);
  apply_holds();
  todo_.send(link::Resume{image().watermark()});
  extra_headers_.begin(std::move(adopted.with_headers), adoption.directory, adoption.options);
  plan_later();
}

bool Send::from_todo(const link::Frame& frame) {
  if (frame.type == link::FrameType::kAdmit) {
    const auto message = queue::AdmittedView::decode(frame.payload);
    if (message) admit(*message);
    return message.has_value();
  }
  if (frame.type == link::FrameType::kQuiet) return quiet(frame.payload);
  const auto unreadable = link::Unreadable::decode(frame.payload);
  if (frame.type != link::FrameType::kUnreadable || !unreadable) return false;
  if (unreadable->next <= image().watermark()) return true;
  const std::string what =
      fmt::format("msg {} cannot be read and is left where it is: {}", unreadable->id.raw(), unreadable->text);
  os::say("alert", "qmail-send", what);
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_warning(out, what); });
  ledger_.record(queue::Seen{unreadable->next});
  return true;
}

void Send::admit(const queue::AdmittedView& admitted) {
  if (admitted.next <= image().watermark()) return;  // taken before a restart
  ledger_.record(admitted);
  ++figures_.taken;
  const auto message = image().find(admitted.id);
  if (!message) return;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.new_message(out, admitted.id);
    lines.message_info(out, admitted.id, admitted.body.length, message->sender(), admitted.pid, admitted.uid);
  });
  if (message->recipients() == 0) return complete(admitted.id);
  schedule(*message);
  plan_later();
}

void Send::schedule(const queue::Image::MessageView& message) {
  std::string flow;
  const LaneJobs lanes = lanes_of(message, settings_.routes, loop_.now(), loop_.wall());
  core_.accept(new_message(message, flow, settings_.policy.factors, loop_.now(), loop_.wall()), lanes.views(),
               loop_.now());
  if (const queue::MessageId id = message.id(); message.given_up())
    core_.give_up({&id, 1}, loop_.now());
  else if (message.held())
    core_.hold(id, loop_.now());
}

void Send::plan_later() {
  if (plan_asked_) return;
  plan_asked_ = true;
  loop_.at_turn_end([this] { plan(); });
}

void Send::limit_freed(schedule::SharedLimits::Row row) {
  core_.limit_freed(row, loop_.now());
  plan_later();
}

void Send::plan() {
  plan_asked_ = false;
  plan_now();
  if (attach_when_idle_ && is_idle()) attach();
  if (draining_) ask_whether_quiet();
  supervisor_.changed();
  if (changed_) changed_();
}

void Send::plan_now() {
  if (stopping_ || (!ordered_ && supervisor_.is_there())) return;
  // An attempt whose result cannot be recorded would be made again after a restart.
  if (ledger_.failing()) return wake_.set(loop_.now() + kRetryDisk);
  const schedule::Plan& plan = core_.plan(loop_.now());
  for (const schedule::Start& start : plan.starts) begin(start, plan.recipients_of(start));
  for (const schedule::Expired& expired : plan.expired) expire(expired, plan.recipients_of(expired));
  for (const queue::MessageId late : plan.late) warn(late);
  if (plan.wake)
    wake_.set(*plan.wake);
  else
    wake_.cancel();
}

void Send::begin(const schedule::Start& start, std::span<const std::uint32_t> recipients) {
  if (start.lane.channel == queue::Channel::kGroup) return hand_over(start, recipients);
  const auto message = image().find(start.message);
  auto envelope = message ? queue::decode_envelope(message->envelope()) : fail(queue::EnvelopeError::kTruncated);
  invariant(envelope.has_value(), "the scheduler core starts an attempt of a message that the image holds whole");
  link::Deliver deliver;
  deliver.attempt = start.attempt.raw();
  deliver.id = start.message;
  deliver.body = message->body();
  deliver.channel = start.lane.channel;
  deliver.destination = start.lane.destination;
  deliver.watcher = runs_.watcher_of(start.message);
  deliver.timeouts = runs_.timeouts_of(start.message);
  deliver.first_attempt = start.attempts == 1;
  const auto all = std::exchange(envelope->recipients, {});
  deliver.envelope = std::move(*envelope);
  deliver.envelope.sender = mail::return_path_for(deliver.envelope.sender, all[recipients.front()].address);
  Attempt attempt{start.message,
                  start.attempts,
                  deliveries_ + 1,
                  {recipients.begin(), recipients.end()},
                  deliver.body,
                  reloads_,
                  {},
                  start.lane.channel};
  for (const std::uint32_t index : recipients)
    if ((all[index].notify & mail::notify::kSuccess) != 0) attempt.report_success.push_back(index);
  std::sort(attempt.report_success.begin(), attempt.report_success.end());
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    for (const std::uint32_t index : recipients) {
      deliver.envelope.recipients.push_back(all[index]);
      lines.starting_delivery(out, ++deliveries_, start.message, queue::name_of(start.lane.channel),
                              all[index].address);
    }
  });
  attempts_.add(start.attempt, std::move(attempt));
  spawner_of(start.lane.channel).send(deliver);
  log_status();
}

bool Send::from_spawner(const link::Frame& frame) {
  if (frame.type == link::FrameType::kTranscript) {
    const auto transcript = link::Transcript::decode(frame.payload);
    if (transcript) runs_.transcript(transcript->watcher, transcript->line);
    return transcript.has_value();
  }
  if (frame.type == link::FrameType::kWatchEnd) {
    const auto end = link::WatchEnd::decode(frame.payload);
    if (end) runs_.sessions_closed(end->watcher);
    return end.has_value();
  }
  const auto delivered = link::Delivered::decode(frame.payload);
  if (frame.type != link::FrameType::kDelivered || !delivered || delivered->outcomes.empty()) return false;
  settle(*delivered);
  return true;
}

bool Send::from_intake(const link::Frame& frame) {
  if (frame.type == link::FrameType::kSubmitted) {
    const auto answer = link::Submitted::decode(frame.payload);
    return answer && reports_.submitted(*answer);
  }
  if (frame.type == link::FrameType::kSubmitRefused) {
    const auto answer = link::SubmitRefused::decode(frame.payload);
    return answer && reports_.refused(*answer);
  }
  const auto answer = link::Relocated::decode(frame.payload);
  if (frame.type != link::FrameType::kRelocated || !answer) return false;
  if (!extra_headers_.relocated(*answer)) reclaim_.relocated(*answer);
  return true;
}

bool Send::from_clean(const link::Frame& frame) {
  const auto answer = link::Removed::decode(frame.payload);
  if (frame.type != link::FrameType::kRemoved || !answer) return false;
  reclaim_.removed(*answer);
  return true;
}

void Send::log_status() {
  const auto local = core_.status(queue::Channel::kLocal);
  const Use remote = use_of_remote();
  mail::ActivityStatus status;
  status.local = local.in_flight;
  status.local_limit = local.limit;
  status.local_held = local.held || local.limit == 0;
  status.remote = remote.in_flight;
  status.remote_limit = remote.limit;
  status.remote_held = core_.status(queue::Channel::kRemote).held || remote.limit == 0;
  status.exit_asap = stopping_;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.status(out, status); });
}

Use Send::use_of_remote() const {
  return scheduler::use_of_remote(core_.status(queue::Channel::kRemote), core_.status(queue::Channel::kLmtp),
                                  !settings_.routes.lmtp.empty());
}

void Send::apply_limits() {
  schedule::Policy policy = settings_.policy;
  const auto cap = [&policy](queue::Channel channel, const Neighbour& spawner) {
    if (spawner.limit() > 0) policy.of(channel).limit = std::min(policy.of(channel).limit, spawner.limit());
  };
  cap(queue::Channel::kLocal, local_);
  // One spawner serves both of the others: what LMTP may take of it, a quarter at most, SMTP does without.
  cap(queue::Channel::kLmtp, remote_);
  cap(queue::Channel::kRemote, remote_);
  if (const std::uint32_t most = remote_.limit(); most > 0) {
    std::uint32_t& lmtp = policy.of(queue::Channel::kLmtp).limit;
    lmtp = std::min(lmtp, std::max(most / 4, 1U));
    policy.of(queue::Channel::kRemote).limit = std::min(policy.of(queue::Channel::kRemote).limit, most - lmtp);
  }
  core_.set_policy(std::move(policy), loop_.now());
  plan_later();
}

void Send::reload() {
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_signal(out, static_cast<std::uint32_t>(::getpid()), "HUP");
  });
  for (Neighbour* peer : {&todo_, &local_, &remote_}) peer->send(link::Reload{});
  auto fresh = reread_();
  if (!fresh) return;
  settings_ = std::move(*fresh);
  reports_.set_policy(settings_.reports);
  ++reloads_;
  apply_limits();
  queue::MessageId after;
  for (bool more = true; more;) {
    const auto next = image().visit(after, 1000, [&](const queue::Image::MessageView& message) { reroute(message); });
    more = next.has_value();
    if (next) after = *next;
  }
  apply_holds();
}

// The routes may have changed. What is in flight stays where it is until it is settled.
void Send::reroute(const queue::Image::MessageView& message) {
  if (message.pending() == 0) return;
  const LaneJobs lanes =
      lanes_of(message, settings_.routes, loop_.now(), loop_.wall(), attempts_.recipients_of(message.id()));
  core_.reassign(message.id(), lanes.views(), loop_.now());
}

void Send::run_all() {
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_signal(out, static_cast<std::uint32_t>(::getpid()), "ALRM");
  });
  core_.run_all(loop_.now());
  plan_later();
}

void Send::stop() {
  if (stopping_) return;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_signal(out, static_cast<std::uint32_t>(::getpid()), "TERM");
  });
  stopping_ = true;
  wake_.cancel();
  if (attempts_.empty()) return stop_now();
  log_status();
  patience_.set(loop_.now() + kPatience);
}

// What is still in flight is not known to be delivered: the next qmail-send tries it again.
void Send::stop_now() {
  if (!ledger_.sync()) exit_code_ = 111;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_exit(out, static_cast<std::uint32_t>(::getpid()));
  });
  activity_.flush();
  loop_.stop();
}

bool Send::end_watch(std::uint64_t watcher) {
  if (!remote_.is_there()) return false;
  remote_.send(link::WatchEnd{watcher});
  return true;
}

bool Send::forget_backoff(schedule::LaneKey lane) {
  if (!core_.forget_backoff(lane, loop_.now())) return false;
  plan_later();
  return true;
}

}  // namespace sluice::scheduler
