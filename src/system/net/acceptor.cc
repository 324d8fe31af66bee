#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>

#include "system/net/socket.h"

namespace sluice::net {

namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Duration kRest{100};
constexpr int kBacklog = 1024;

}  // namespace

// The listener is a plain descriptor to Asio: accept4() gives the flags we want in one call.
struct Acceptor::State : std::enable_shared_from_this<State> {
  State(Loop& in, os::Fd fd, std::function<void(os::Fd, Endpoint)> handler)
      : listener(in.context(), fd.release()), on_accept(std::move(handler)), rest(in, [this] { wait(); }) {}

  void wait() {
    if (!listener.is_open() || suspended) return;
    listener.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (!error) self->accept_some();
                        });
  }

  void accept_some() {
    for (int i = 0; i < kAcceptsPerTurn && listener.is_open() && !suspended; ++i) {
      os::Fd socket(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket && (errno == ECONNABORTED || errno == EINTR)) continue;
      if (!socket && errno != EAGAIN && errno != EWOULDBLOCK) return rest.set_after(kRest);  // out of descriptors
      if (!socket) break;
      const Endpoint peer = Endpoint::peer_of(socket.get());
      on_accept(std::move(socket), peer);
    }
    wait();
  }

  void suspend() {
    if (!listener.is_open() || suspended) return;
    suspended = true;
    rest.cancel();
    boost::system::error_code ignored;
    listener.cancel(ignored);
    // A listening TCP socket that is shut down for reading is bound, and does not listen any more (tcp_disconnect).
    ::shutdown(listener.native_handle(), SHUT_RD);
  }

  bool resume() {
    if (!listener.is_open() || !suspended) return true;
    if (::listen(listener.native_handle(), kBacklog) != 0) return false;
    suspended = false;
    rest.cancel();
    wait();
    return true;
  }

  boost::asio::posix::stream_descriptor listener;
  std::function<void(os::Fd, Endpoint)> on_accept;
  Timer rest;
  bool suspended = false;
};

Acceptor::Acceptor(Loop& loop, os::Fd listener, std::function<void(os::Fd, Endpoint)> on_accept)
    : state_(std::make_shared<State>(loop, std::move(listener), std::move(on_accept))) {
  state_->wait();
}

Acceptor::~Acceptor() { close(); }

void Acceptor::close() {
  if (!state_) return;
  boost::system::error_code ignored;
  state_->listener.close(ignored);
  state_->rest.cancel();
}

void Acceptor::suspend() { state_->suspend(); }
bool Acceptor::resume() { return state_->resume(); }

namespace {

struct SocketConnecting : Connecting {
  using Descriptor = boost::asio::posix::stream_descriptor;

  SocketConnecting(Loop& loop, const Endpoint& to, Duration timeout, std::function<void(os::Fd, int)> handler)
      : descriptor(loop.context()), done(std::move(handler)), timer(loop, [this] { finish(ETIMEDOUT); }) {
    os::Fd socket(::socket(to.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || (::connect(socket.get(), to.data(), to.length()) != 0 && errno != EINPROGRESS)) {
      later(errno);
      return;
    }
    descriptor.assign(socket.release());
    timer.set_after(timeout);
    descriptor.async_wait(Descriptor::wait_write, [this, alive = alive](const boost::system::error_code& error) {
      if (error || !*alive) return;
      int code = 0;
      socklen_t length = sizeof code;
      ::getsockopt(descriptor.native_handle(), SOL_SOCKET, SO_ERROR, &code, &length);
      finish(code);
    });
  }
  ~SocketConnecting() override { *alive = false; }

  // Never calls back from within the constructor: the caller does not hold us yet.
  void later(int code) {
    failed = code;
    timer.set_after(Duration{0});
  }

  void finish(int code) {
    timer.cancel();
    const auto call = std::move(done);
    if (failed != 0) code = failed;
    os::Fd socket(descriptor.is_open() ? descriptor.release() : -1);
    if (code != 0) socket.reset();
    call(std::move(socket), code);  // may destroy us
  }

  Descriptor descriptor;
  std::function<void(os::Fd, int)> done;
  Timer timer;
  int failed = 0;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

}  // namespace

std::unique_ptr<Connecting> connect_to(Loop& loop, const Endpoint& to, Duration timeout,
                                       std::function<void(os::Fd, int code)> done) {
  return std::make_unique<SocketConnecting>(loop, to, timeout, std::move(done));
}

}  // namespace sluice::net
