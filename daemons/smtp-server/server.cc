#include "server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/mail/date.h"
#include "system/os/clock.h"

namespace sluice::smtp_server {

namespace {

constexpr Duration kSweepEvery{1000};
constexpr Duration kStopSweepEvery{20};
constexpr Duration kLastReplyPatience{10'000};

}  // namespace

Server::Server(net::Loop& loop, Log& log, std::shared_ptr<const Rules> rules, ipc::Submitter::Offers offers,
               GroupOf group_of, EtrnRuns::Queues queues)
    : loop_(loop),
      log_(log),
      rules_(std::move(rules)),
      admission_(rules_->admission),
      submitter_(loop, std::move(offers), link::Role::kSmtpServer,
                 {.report = [this](std::string_view level,
                                   const std::string& what) { level == "info" ? log_.info(what) : log_.warn(what); },
                  .drained = [this] { each_connection([](Connection& connection) { connection.drained(); }); }},
                 static_cast<std::size_t>(::getpid())),
      etrn_(loop, log, std::move(queues)),
      load_(rules_->load_source),
      means_{.loop = loop,
             .log = log,
             .handover = {.submitter = submitter_,
                          .buffers = buffers_,
                          .date = [this] { return date(); },
                          .group_of = std::move(group_of)},
             .etrn = etrn_,
             .ended = [this](Connection& connection,
                             std::shared_ptr<net::Stream> rest) { ended(connection, std::move(rest)); }},
      sweep_timer_(loop, [this] { sweep(); }) {
  sweep_timer_.set_after(kSweepEvery);
}

void Server::listen(std::vector<os::Fd> listeners) {
  for (os::Fd& listener : listeners)
    acceptors_.emplace_back(loop_, std::move(listener),
                            [this](os::Fd socket, const net::Endpoint& peer) { take(std::move(socket), peer); });
}

void Server::set_rules(std::shared_ptr<const Rules> rules) {
  rules_ = std::move(rules);
  admission_.set_limits(rules_->admission);
  load_.set_source(rules_->load_source);
  look_at_load();
}

void Server::take(os::Fd socket, const net::Endpoint& peer) {
  // A peer that is gone already has no address, and needs no answer.
  const auto client = settings::Address::parse(peer.address());
  if (!client || stopping_) return;
  const Admission::Verdict verdict = admission_.enter(*client);
  if (verdict != Admission::Verdict::kWelcome) return refuse(socket, *client, verdict);
  auto connection = std::make_unique<Connection>(means_, rules_, std::move(socket), *client);
  connection->place = connections_.size();
  connections_.push_back(std::move(connection));
  connections_.back()->start();
}

// A new socket's buffer is empty and takes the line at once; if not, the client only misses why.
void Server::refuse(const os::Fd& socket, const settings::Address& client, Admission::Verdict verdict) {
  const bool full = verdict == Admission::Verdict::kFull;
  const std::string_view line = full ? "421 4.3.2 Too many connections, try again later\r\n"
                                     : "421 4.7.0 Too many connections from your address\r\n";
  [[maybe_unused]] const ssize_t n = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  log_.info(fmt::format("[{}] refused: too many connections{}", client.to_text(), full ? "" : " from this client"));
}

void Server::ended(Connection& connection, std::shared_ptr<net::Stream> rest) {
  if (rest) endings_.push_back({std::move(rest), loop_.now() + kLastReplyPatience});
  admission_.leave(connection.client());
  const std::size_t place = connection.place;
  if (dead_.empty()) loop_.at_turn_end([this] { dead_.clear(); });
  dead_.push_back(std::move(connections_[place]));
  if (place + 1 != connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place]->place = place;
  }
  connections_.pop_back();
}

// `visit` may end the connection that it is given: then another takes its place. From the back that one was visited.
void Server::each_connection(const std::function<void(Connection&)>& visit) {
  for (std::size_t left = connections_.size(); left > 0; --left)
    if (left <= connections_.size()) visit(*connections_[left - 1]);
}

void Server::sweep() {
  const MonoTime now = loop_.now();
  each_connection([now](Connection& connection) { connection.check(now); });
  std::erase_if(endings_, [now](const Ending& ending) {
    if (ending.stream->is_open() && now >= ending.limit) ending.stream->close();
    return !ending.stream->is_open();
  });
  submitter_.refresh();
  look_at_load();
  log_.flush();
  if (stopping_) return stop_if_done();
  sweep_timer_.set_after(kSweepEvery);
}

// Figures are at most three seconds old (os::LoadAverage), so connections are taken again soon after the load is gone.
void Server::look_at_load() {
  if (stopping_ || (!rules_->load.delay && !rules_->load.refuse && pressure_ == Pressure::kNone)) return;
  const auto load = load_.at(loop_.now());
  const Pressure was = std::exchange(pressure_, pressure_at(load, rules_->load));
  means_.slow = pressure_ != Pressure::kNone;
  if (pressure_ == Pressure::kRefuse && !refusing_) refuse_connections(*load);
  if (pressure_ != Pressure::kRefuse && refusing_) take_connections_again();
  if (pressure_ == Pressure::kDelay && was != Pressure::kDelay)
    log_.info(fmt::format("load average {:.2f}: clients are served slowly (load.delay)", *load));
  if (pressure_ == Pressure::kNone && was != Pressure::kNone) log_.info("the load is gone: clients are served at once");
}

void Server::refuse_connections(double load) {
  refusing_ = true;
  for (net::Acceptor& acceptor : acceptors_) acceptor.suspend();
  log_.warn(fmt::format("load average {:.2f}: connections are refused (load.refuse)", load));
}

void Server::take_connections_again() {
  refusing_ = false;
  for (net::Acceptor& acceptor : acceptors_)
    if (!acceptor.resume()) refusing_ = true;  // tried again with the next look
  if (refusing_) return log_.warn(fmt::format("cannot listen again: {}", std::strerror(errno)));
  log_.warn("connections are taken again");
}

void Server::stop() {
  if (stopping_) return;
  stopping_ = true;
  stop_limit_ = loop_.now() + kStopPatience;
  for (net::Acceptor& acceptor : acceptors_) acceptor.close();
  each_connection([](Connection& connection) { connection.shut_down(); });
  log_.info(fmt::format("stopping, {} messages wait for their queue", submitter_.waiting()));
  sweep_timer_.set_after(kStopSweepEvery);
}

void Server::stop_if_done() {
  const bool done = connections_.empty() && endings_.empty();
  if (!done && loop_.now() < stop_limit_) return sweep_timer_.set_after(kStopSweepEvery);
  if (!connections_.empty()) log_.warn(fmt::format("{} connections were cut off", connections_.size()));
  log_.flush();
  loop_.stop();
}

std::string Server::date() {
  const WallTime now = loop_.wall();
  if (to_seconds(now) != date_second_) {
    date_second_ = to_seconds(now);
    date_text_ = mail::format_date(now, std::chrono::minutes(os::utc_offset_minutes(now)));
  }
  return date_text_;
}

}  // namespace sluice::smtp_server
