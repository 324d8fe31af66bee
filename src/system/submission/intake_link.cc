#include "system/submission/intake_link.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "system/net/socket.h"
#include "system/os/clock.h"

namespace sluice::submission {

namespace {

// A listener with a full backlog is asked again so often; AF_UNIX offers nothing to wait for.
constexpr Duration kBetweenConnects{20};
// An intake that lives greets at once, even under load; one that was stopped must not hold a user for long.
constexpr Duration kGreetingPatience{10'000};

Result<os::Fd, net::SocketError> connect(const std::string& path) {
  const MonoTime limit = os::mono_now() + kGreetingPatience;
  for (;;) {
    auto socket = net::connect_path(path, /*wait=*/false);
    if (socket || socket.error().code != EAGAIN || os::mono_now() > limit) return socket;
    ::poll(nullptr, 0, static_cast<int>(kBetweenConnects.count()));
  }
}

}  // namespace

Result<IntakeLink, std::string> IntakeLink::open(const std::string& path, link::Role role, Duration patience) {
  auto socket = connect(path);
  if (!socket) return fail(socket.error().what);
  IntakeLink opened(std::move(*socket), std::min(patience, kGreetingPatience));
  opened.put(link::Hello{.role = role, .pid = static_cast<std::uint32_t>(::getpid())});
  opened.send();  // stops early if the intake's greeting comes first; the rest then goes with the first frames
  if (!opened.introduce()) return fail(fmt::format("{}: {}", path, opened.broken_));
  opened.patience_ = patience;
  return opened;
}

bool IntakeLink::introduce() {
  const auto frame = answer();
  if (!frame) return false;
  const auto hello = link::Hello::decode(frame->payload);
  if (frame->type == link::FrameType::kHello && hello && hello->version == link::kProtocolVersion) return true;
  lose("speaks another version of the protocol");
  return false;
}

bool IntakeLink::send() {
  std::size_t sent = 0;
  while (sent < out_.size() && broken_.empty()) {
    short ready = 0;
    if (!wait(POLLIN | POLLOUT, ready)) break;
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
      if (!receive()) break;
      skip_notices();
      const auto split = link::split_frame(Octets(in_).substr(consumed_));
      if (!split || split->consumed > 0) break;  // an answer already
    }
    if ((ready & POLLOUT) == 0) continue;
    const ssize_t count = ::send(socket_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<std::size_t>(count);
    if (count < 0 && errno != EINTR && errno != EAGAIN) lose(std::strerror(errno));
  }
  const bool all = sent == out_.size();
  out_.erase(0, sent);
  return all;
}

std::optional<link::Frame> IntakeLink::answer() {
  for (;;) {
    if (auto frame = next()) return frame;
    short ready = 0;
    if (!broken_.empty() || !wait(POLLIN, ready) || !receive()) return std::nullopt;
  }
}

// That the queue shuts its door concerns those who come later: what was begun is taken to its end.
void IntakeLink::skip_notices() {
  for (;;) {
    const auto split = link::split_frame(Octets(in_).substr(consumed_));
    if (!split || split->consumed == 0 || split->frame.type != link::FrameType::kDoorShut) return;
    consumed_ += split->consumed;
  }
}

std::optional<link::Frame> IntakeLink::next() {
  skip_notices();
  const auto split = link::split_frame(Octets(in_).substr(consumed_));
  if (!split) lose("sent a malformed frame");
  if (!split || split->consumed == 0) return std::nullopt;
  consumed_ += split->consumed;
  return split->frame;
}

bool IntakeLink::wait(short events, short& ready) {
  pollfd watched{socket_.get(), events, 0};
  const MonoTime limit = os::mono_now() + patience_;
  for (;;) {
    const Duration left = limit - os::mono_now();
    const int count = ::poll(&watched, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (count > 0) return ready = watched.revents, true;
    if (count < 0 && errno == EINTR) continue;
    lose(count == 0 ? "does not answer" : std::strerror(errno));
    return false;
  }
}

bool IntakeLink::receive() {
  in_.erase(0, consumed_);
  consumed_ = 0;
  char octets[4096];
  const ssize_t count = ::recv(socket_.get(), octets, sizeof octets, MSG_DONTWAIT);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count > 0) return in_.append(octets, static_cast<std::size_t>(count)), true;
  lose(count == 0 ? "closed the link" : std::strerror(errno));
  return false;
}

void IntakeLink::lose(std::string why) {
  if (broken_.empty()) broken_ = std::move(why);
}

}  // namespace sluice::submission
