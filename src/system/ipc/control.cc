#include "system/ipc/control.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "system/ipc/link.h"

namespace sluice::ipc {

namespace {

constexpr int kAnswersPerTurn = 256;
constexpr std::size_t kAskers = 64, kStrangers = 32;

Asker asker_at(int socket, std::optional<uid_t> smtp_server) {
  const auto peer = net::credentials_of(socket);
  if (peer.uid == 0 || peer.uid == ::geteuid()) return Asker::kOwner;
  return peer.uid == smtp_server ? Asker::kSmtpServer : Asker::kAnybody;
}

}  // namespace

bool Feed::add(std::string answer) { return octets_ < kMost && add_last(std::move(answer)); }

bool Feed::add_last(std::string answer) {
  if (!heard_ || ended_) return false;
  octets_ += answer.size();
  pressed_ |= octets_ > kMost / 2;
  answers_.push_back(std::move(answer));
  if (wake_) wake_();
  return true;
}

void Feed::end(std::string error) {
  if (std::exchange(ended_, true)) return;
  error_ = std::move(error);
  if (wake_) wake_();
}

struct ControlServer::Connection {
  std::unique_ptr<Link> link;
  std::optional<Answers> answers;
  Asker asker = Asker::kAnybody;
  bool answering = false;  // asked for at the end of this turn
};

struct ControlServer::State : std::enable_shared_from_this<State> {
  State(net::Loop& in, link::Role as, Handler with, std::optional<uid_t> server)
      : loop(in), role(as), handler(std::move(with)), smtp_server(server), life(in, [this] { give_signs_of_life(); }) {}

  void accept(os::Fd socket) {
    const Asker asker = asker_at(socket.get(), smtp_server);
    if (connections.size() >= kAskers || (asker == Asker::kAnybody && strangers >= kStrangers)) return;
    const std::uint64_t number = ++last;
    auto connection = std::make_shared<Connection>();
    connection->asker = asker;
    if (asker == Asker::kAnybody) ++strangers;
    connection->link = std::make_unique<Link>(
        loop, std::move(socket), link::Hello{.role = role, .pid = static_cast<std::uint32_t>(::getpid())},
        Link::Callbacks{nullptr, [this, number](const link::Frame& frame) { return take(number, frame); },
                        [this, number](const std::string&) { forget(number); },
                        [this, number] { answer_some(number); }});
    connections.emplace(number, std::move(connection));
  }

  void forget(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end()) return;
    if (found->second->asker == Asker::kAnybody) --strangers;
    const auto connection = found->second;
    connections.erase(found);
    if (connection->answers) leave(*connection->answers);
  }

  // Nobody hears this any more.
  void leave(Answers& answers) {
    const auto feed = answers.feed_;
    if (!feed) return;
    feed->heard_ = false;
    feed->wake_ = nullptr;
    feed->room_ = nullptr;
    feed->answers_.clear();
    feed->octets_ = 0;
    loop.at_turn_end([feed] {
      if (const auto gone = std::exchange(feed->gone_, nullptr)) gone();
    });
  }

  bool take(std::uint64_t number, const link::Frame& frame) {
    if (frame.type != link::FrameType::kQuery) return false;
    const auto query = link::Query::decode(frame.payload);
    const auto connection = connections.at(number);
    if (!query || connection->answers) return false;  // one query at a time
    const auto json = nlohmann::json::parse(query->json, nullptr, false);
    if (!json.is_object()) {
      end(*connection, "the query is not a JSON object");
      return true;
    }
    auto answers = handler(json, connection->asker);
    if (!answers) {
      end(*connection, answers.error());
      return true;
    }
    connection->answers.emplace(std::move(*answers));
    if (!life.armed()) life.set_after(kSignOfLife);
    if (const auto& feed = connection->answers->feed_)
      feed->wake_ = [weak = weak_from_this(), number] {
        if (const auto self = weak.lock()) self->answer_later(number);
      };
    answer_some(number);
    return true;
  }

  void end(Connection& connection, const std::string& error) {
    connection.answers.reset();
    connection.link->send(link::AnswerEnd{error});
  }

  void answer_later(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end() || std::exchange(found->second->answering, true)) return;
    loop.at_turn_end([weak = weak_from_this(), number] {
      if (const auto self = weak.lock()) self->answer_some(number);
    });
  }

  void answer_some(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end() || !found->second->answers) return;
    const auto connection = found->second;
    connection->answering = false;
    if (const auto feed = connection->answers->feed_) return pass_on(*connection, *feed);
    for (int i = 0; i < kAnswersPerTurn; ++i) {
      if (connection->link->congested()) return;  // drained() comes back here
      const auto json = (*connection->answers)();
      if (!json) {
        const auto error = connection->answers->error_;
        return end(*connection, error ? *error : "");
      }
      if (json->empty()) break;
      connection->link->send(link::Answer{*json});
    }
    boost::asio::post(loop.context(), [self = shared_from_this(), number] { self->answer_some(number); });
  }

  void pass_on(Connection& connection, Feed& feed) {
    while (!feed.answers_.empty() && !connection.link->congested()) {
      feed.octets_ -= feed.answers_.front().size();
      connection.link->send(link::Answer{feed.answers_.front()});
      feed.answers_.pop_front();
    }
    if (feed.answers_.empty() && feed.ended_) return end(connection, feed.error_);
    if (feed.octets_ < Feed::kMost / 2 && std::exchange(feed.pressed_, false) && feed.room_)
      loop.at_turn_end([room = feed.room_] { room(); });
  }

  void give_signs_of_life() {
    bool any = false;
    for (auto& [number, connection] : connections) {
      if (!connection->answers) continue;
      any = true;
      if (!connection->link->congested()) connection->link->send(link::Answer{});
    }
    if (any) life.set_after(kSignOfLife);
  }

  net::Loop& loop;
  link::Role role;
  Handler handler;
  std::optional<uid_t> smtp_server;
  net::Timer life;
  std::uint64_t last = 0;
  std::size_t strangers = 0;
  boost::unordered_flat_map<std::uint64_t, std::shared_ptr<Connection>> connections;
  std::optional<net::Acceptor> acceptor;
};

ControlServer::ControlServer(net::Loop& loop, os::Fd listener, link::Role role, Handler handler,
                             std::optional<uid_t> smtp_server)
    : state_(std::make_shared<State>(loop, role, std::move(handler), smtp_server)) {
  state_->acceptor.emplace(loop, std::move(listener), [state = state_.get()](os::Fd socket, const net::Endpoint&) {
    state->accept(std::move(socket));
  });
}

ControlServer::~ControlServer() {
  state_->acceptor.reset();
  state_->life.cancel();
  for (auto& [number, connection] : std::exchange(state_->connections, {}))
    if (connection->answers) state_->leave(*connection->answers);
}

Answers answer_list(std::vector<std::string> answers) {
  return [answers = std::move(answers), next = std::size_t{0}]() mutable -> std::optional<std::string> {
    if (next == answers.size()) return std::nullopt;
    return answers[next++];
  };
}

namespace {

Result<void, std::string> send_all(int socket, Octets octets) {
  while (!octets.empty()) {
    const ssize_t n = ::send(socket, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(std::string("cannot ask: ") + std::strerror(errno));
    octets.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// Handles one frame; true when it was the end.
Result<bool, std::string> take_answer(const link::Frame& frame, const std::function<void(Octets)>& each) {
  if (frame.type == link::FrameType::kHello) {
    const auto hello = link::Hello::decode(frame.payload);
    if (!hello) return fail(std::string("the daemon's greeting is malformed"));
    if (hello->version != link::kProtocolVersion)
      return fail(fmt::format("the daemon speaks version {} of the protocol, this program version {}", hello->version,
                              link::kProtocolVersion));
    return false;
  }
  if (const auto answer = link::Answer::decode(frame.payload); answer && frame.type == link::FrameType::kAnswer) {
    if (!answer->json.empty()) each(answer->json);  // else a sign of life
    return false;
  }
  const auto end = link::AnswerEnd::decode(frame.payload);
  if (!end || frame.type != link::FrameType::kAnswerEnd) return fail(std::string("the daemon's answer is malformed"));
  if (!end->error.empty()) return fail(std::string(end->error));
  return true;
}

}  // namespace

Result<Asking, std::string> Asking::begin(const std::string& path, const nlohmann::json& query, Duration patience) {
  auto socket = net::connect_path(path);
  if (!socket) return fail(socket.error().what);
  const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string out;
  link::append_message(out, link::Hello{.pid = static_cast<std::uint32_t>(::getpid())});
  link::append_message(out, link::Query{query.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  if (const auto sent = send_all(socket->get(), out); !sent) return fail(sent.error());
  return Asking(path, std::move(*socket));
}

Result<bool, std::string> Asking::take(const std::function<void(Octets json)>& each) {
  char more[65536];
  ssize_t n = 0;
  do n = ::recv(socket_.get(), more, sizeof more, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) {
    const char* const why = errno == EAGAIN ? "it gives no sign of life" : std::strerror(errno);
    return fail(fmt::format("no answer from {}: {}", path_, why));
  }
  if (n == 0) return fail(fmt::format("{} closed the connection before it had answered", path_));
  input_.append(more, static_cast<std::size_t>(n));
  std::size_t consumed = 0;
  for (;;) {
    const auto split = link::split_frame(Octets(input_).substr(consumed));
    if (!split) return fail(std::string("the daemon's answer is malformed"));
    if (split->consumed == 0) break;
    consumed += split->consumed;
    const auto end = take_answer(split->frame, each);
    if (!end) return fail(end.error());
    if (*end) return true;
  }
  input_.erase(0, consumed);
  return false;
}

Result<void, std::string> ask(const std::string& path, const nlohmann::json& query,
                              const std::function<void(Octets json)>& each, Duration patience) {
  auto asking = Asking::begin(path, query, patience);
  if (!asking) return fail(asking.error());
  for (;;) {
    const auto end = asking->take(each);
    if (!end) return fail(end.error());
    if (*end) return {};
  }
}

}  // namespace sluice::ipc
