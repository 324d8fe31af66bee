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

Asker asker_at(int socket) {
  const auto peer = net::credentials_of(socket);
  return peer.uid == 0 || peer.uid == ::geteuid() ? Asker::kOwner : Asker::kAnybody;
}

}  // namespace

struct ControlServer::State : std::enable_shared_from_this<State> {
  struct Connection {
    std::unique_ptr<Link> link;
    Answers answers;
    Asker asker = Asker::kAnybody;
  };

  State(net::Loop& in, link::Role as, Handler with) : loop(in), role(as), handler(std::move(with)) {}

  void accept(os::Fd socket) {
    const Asker asker = asker_at(socket.get());
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
    connections.erase(found);
  }

  bool take(std::uint64_t number, const link::Frame& frame) {
    if (frame.type != link::FrameType::kQuery) return false;
    const auto query = link::Query::decode(frame.payload);
    const auto connection = connections.at(number);
    if (!query || connection->answers) return false;  // one query at a time
    const auto json = nlohmann::json::parse(query->json, nullptr, false);
    if (!json.is_object())
      end(*connection, "the query is not a JSON object");
    else if (auto answers = handler(json, connection->asker); !answers)
      end(*connection, answers.error());
    else
      connection->answers = std::move(*answers), answer_some(number);
    return true;
  }

  void end(Connection& connection, const std::string& error) {
    connection.answers = nullptr;
    connection.link->send(link::AnswerEnd{error});
  }

  void answer_some(std::uint64_t number) {
    const auto found = connections.find(number);
    if (found == connections.end() || !found->second->answers) return;
    const auto connection = found->second;
    for (int i = 0; i < kAnswersPerTurn; ++i) {
      if (connection->link->congested()) return;  // drained() comes back here
      const auto json = connection->answers();
      if (!json) return end(*connection, "");
      connection->link->send(link::Answer{*json});
    }
    boost::asio::post(loop.context(), [self = shared_from_this(), number] { self->answer_some(number); });
  }

  net::Loop& loop;
  link::Role role;
  Handler handler;
  std::uint64_t last = 0;
  std::size_t strangers = 0;
  boost::unordered_flat_map<std::uint64_t, std::shared_ptr<Connection>> connections;
  std::optional<net::Acceptor> acceptor;
};

ControlServer::ControlServer(net::Loop& loop, os::Fd listener, link::Role role, Handler handler)
    : state_(std::make_shared<State>(loop, role, std::move(handler))) {
  state_->acceptor.emplace(loop, std::move(listener), [state = state_.get()](os::Fd socket, const net::Endpoint&) {
    state->accept(std::move(socket));
  });
}

ControlServer::~ControlServer() {
  state_->acceptor.reset();
  state_->connections.clear();
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
    each(answer->json);
    return false;
  }
  const auto end = link::AnswerEnd::decode(frame.payload);
  if (!end || frame.type != link::FrameType::kAnswerEnd) return fail(std::string("the daemon's answer is malformed"));
  if (!end->error.empty()) return fail(std::string(end->error));
  return true;
}

}  // namespace

Result<void, std::string> ask(const std::string& path, const nlohmann::json& query,
                              const std::function<void(Octets json)>& each, Duration patience) {
  const auto socket = net::connect_path(path);
  if (!socket) return fail(socket.error().what);
  const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
  ::setsockopt(socket->get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string out;
  link::append_message(out, link::Hello{.pid = static_cast<std::uint32_t>(::getpid())});
  link::append_message(out, link::Query{query.dump()});
  if (const auto sent = send_all(socket->get(), out); !sent) return sent;
  std::string input;
  std::size_t consumed = 0;
  for (;;) {
    const auto split = link::split_frame(Octets(input).substr(consumed));
    if (!split) return fail(std::string("the daemon's answer is malformed"));
    if (split->consumed > 0) {
      consumed += split->consumed;
      const auto end = take_answer(split->frame, each);
      if (!end) return fail(end.error());
      if (*end) return {};
      continue;
    }
    input.erase(0, consumed);
    consumed = 0;
    char more[65536];
    const ssize_t n = ::recv(socket->get(), more, sizeof more, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(fmt::format("no answer from {}: {}", path, std::strerror(errno)));
    if (n == 0) return fail(fmt::format("{} closed the connection before it had answered", path));
    input.append(more, static_cast<std::size_t>(n));
  }
}

}  // namespace sluice::ipc
