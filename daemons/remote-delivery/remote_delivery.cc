#include "remote_delivery.h"

#include <unistd.h>

#include <algorithm>

#include "system/os/failure.h"

namespace sluice::remote {

namespace {

constexpr const char* kName = "qmail-rspawn";
constexpr std::size_t kMostIdle = 500;
constexpr Duration kFarewell{2'000};  // for the answers to QUIT that somebody watches
constexpr Duration kIdleLook{200};    // how exactly idle time is kept

link::Hello introduction(std::uint32_t most) {
  link::Hello hello;
  hello.role = link::Role::kRemoteDelivery;
  hello.pid = static_cast<std::uint32_t>(::getpid());
  hello.limit = most;
  return hello;
}

}  // namespace

RemoteDelivery::RemoteDelivery(net::Loop& loop, os::Fd scheduler, std::unique_ptr<store::BodyReader> bodies,
                               const Configuration& configuration, Reload reload, std::uint32_t most,
                               std::uint64_t seed)
    : loop_(loop),
      bodies_(std::move(bodies)),
      reload_(std::move(reload)),
      most_(most),
      seed_(seed),
      settings_(std::make_shared<RemoteSettings>(configuration.remote)),
      self_(configuration.own_names, configuration.listening),
      resolver_(loop, {configuration.name_servers}),
      piece_(Session::kPiece, '\0'),
      transcript_([this](std::uint64_t watcher, std::string line) {
        scheduler_.send(link::Transcript{watcher, std::move(line)});
      }),
      idle_(kMostIdle),
      idle_timer_(loop, [this] { end_idle(); }),
      watch_end_timer_(loop, [this] { answer_watch_ends(); }),
      scheduler_(loop, std::move(scheduler), introduction(most),
                 {nullptr, [this](const link::Frame& frame) { return from_scheduler(frame); },
                  [&loop](const std::string&) { loop.stop(); }}) {}

bool RemoteDelivery::from_scheduler(const link::Frame& frame) {
  if (frame.type == link::FrameType::kReload) {
    if (const auto configuration = reload_()) {
      settings_ = std::make_shared<RemoteSettings>(configuration->remote);
      self_ = ThisHost(configuration->own_names, configuration->listening);
    }
    return true;
  }
  if (frame.type == link::FrameType::kWatchEnd) {
    const auto end = link::WatchEnd::decode(frame.payload);
    if (end) end_watch(end->watcher);
    return end.has_value();
  }
  if (frame.type != link::FrameType::kDeliver) return false;
  auto order = link::Deliver::decode(frame.payload);
  if (!order) return false;
  take(std::move(*order));
  return true;
}

void RemoteDelivery::take(link::Deliver order) {
  if (deliveries_.size() + by_program_.size() >= most_) {
    os::say("warn", kName, "more deliveries were ordered than I can hold at once");
    scheduler_.send(link::Delivered{
        order.attempt,
        {{mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 2}, "too many deliveries at once"}}});
    return;
  }
  if (!settings_->program.empty() && order.channel == link::Channel::kRemote) return take_for_program(std::move(order));
  Delivery::Host& host = *this;
  auto delivery = std::make_unique<Delivery>(host, std::move(order));
  Delivery* const started = delivery.get();
  deliveries_.emplace(started, std::move(delivery));
  started->start();
}

void RemoteDelivery::take_for_program(link::Deliver order) {
  ProgramDelivery::Means means{loop_, *bodies_, piece_, settings_->program, settings_->program_time};
  auto delivery = std::make_unique<ProgramDelivery>(
      std::move(means), std::move(order), [this](ProgramDelivery& done, std::vector<mail::Outcome> outcomes) {
        done.tell_results(transcript_, outcomes);
        scheduler_.send(link::Delivered{done.attempt(), std::move(outcomes)});
        by_program_.erase(&done);
      });
  ProgramDelivery* const started = delivery.get();
  by_program_.emplace(started, std::move(delivery));
  started->tell_start(transcript_);
}

void RemoteDelivery::settled(Delivery& delivery, std::shared_ptr<Session> session,
                             std::vector<mail::Outcome> outcomes) {
  scheduler_.send(link::Delivered{delivery.attempt(), std::move(outcomes)});
  if (session) keep(delivery.lane(), std::move(session));
  deliveries_.erase(&delivery);
}

void RemoteDelivery::keep(const std::string& lane, std::shared_ptr<Session> session) {
  const MonoTime now = loop_.now();
  const bool kept = settings_->idle_time > Duration{0} && session->reusable(now);
  session->hand_to(*this);
  if (!kept || !idle_.put(lane, session, now + settings_->idle_time)) return part_with(std::move(session));
  if (!idle_timer_.armed()) idle_timer_.set(now + kIdleLook);
}

void RemoteDelivery::part_with(std::shared_ptr<Session> session) {
  if (session->over()) return;
  Session& leaving = *session;
  leaving_.insert(std::move(session));
  leaving.quit();
}

void RemoteDelivery::end_idle() {
  for (auto& session : idle_.collect(loop_.now())) part_with(std::move(session));
  if (!idle_.empty()) idle_timer_.set(loop_.now() + kIdleLook);
}

// The sessions that wait for more of his messages are closed while he still looks.
void RemoteDelivery::end_watch(std::uint64_t watcher) {
  auto sessions = idle_.take_if([watcher](const Session& session) { return session.watcher() == watcher; });
  for (auto& session : sessions) part_with(std::move(session));
  const auto his = [watcher](const auto& leaving) { return leaving->watcher() == watcher; };
  if (std::none_of(leaving_.begin(), leaving_.end(), his)) return scheduler_.send(link::WatchEnd{watcher});
  ended_watchers_.insert(watcher);
  if (!watch_end_timer_.armed()) watch_end_timer_.set(loop_.now() + kFarewell);
}

void RemoteDelivery::answer_watch_ends() {
  for (const auto& leaving : leaving_)
    if (ended_watchers_.contains(leaving->watcher())) leaving->unwatch();
  for (const std::uint64_t watcher : ended_watchers_) scheduler_.send(link::WatchEnd{watcher});
  ended_watchers_.clear();
}

void RemoteDelivery::session_ended(Session& session) {
  idle_.remove(&session);
  leaving_.erase(session.shared_from_this());
  if (ended_watchers_.empty() || !ended_watchers_.contains(session.watcher())) return;
  const auto same = [&](const auto& leaving) { return leaving->watcher() == session.watcher(); };
  if (std::any_of(leaving_.begin(), leaving_.end(), same)) return;
  ended_watchers_.erase(session.watcher());
  scheduler_.send(link::WatchEnd{session.watcher()});
}

std::shared_ptr<Session> RemoteDelivery::take_idle(const std::string& lane) {
  while (auto session = idle_.take(lane)) {
    if (session->reusable(loop_.now())) return session;
    part_with(std::move(session));
  }
  return nullptr;
}

std::unique_ptr<TargetSearch> RemoteDelivery::search(const route::Destination& destination,
                                                     std::function<void(TargetSearch::Result)> done) {
  return std::make_unique<TargetSearch>(resolver_, self_, destination, ++seed_, std::move(done));
}

void RemoteDelivery::prefer_answering(std::vector<route::Target>& targets) {
  std::stable_partition(targets.begin(), targets.end(),
                        [this](const route::Target& target) { return !failed_.contains(target.address, loop_.now()); });
}

void RemoteDelivery::note_silence(const route::Target& target) { failed_.note(target.address, loop_.now()); }

std::unique_ptr<net::Connecting> RemoteDelivery::connect(const net::Endpoint& to, Duration limit,
                                                         std::function<void(os::Fd, int)> done) {
  return net::connect_to(loop_, to, limit, std::move(done));
}

std::shared_ptr<Session> RemoteDelivery::open(os::Fd socket, smtp::Protocol protocol, const route::Target& target,
                                              const mail::ClientTimeouts& timeouts, Session::User& user) {
  return Session::open(loop_, std::move(socket), protocol, target, settings_, *bodies_, piece_, timeouts, user);
}

}  // namespace sluice::remote
