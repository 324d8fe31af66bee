#include "system/net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "system/net/socket.h"

namespace sluice::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kFirstRead = 16 << 10;
constexpr std::size_t kMostDescriptors = 8;  // in one read; the kernel closes what is more

asio::generic::stream_protocol protocol_of(int socket) {
  int family = AF_UNIX, protocol = 0;
  socklen_t length = sizeof family;
  ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &length);
  length = sizeof protocol;
  ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &length);
  return {family, protocol};
}

}  // namespace

void set_no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails harmlessly on AF_UNIX
}

std::shared_ptr<Stream> Stream::adopt(Loop& loop, os::Fd socket) {
  const auto protocol = protocol_of(socket.get());
  if (protocol.family() != AF_UNIX) set_no_delay(socket.get());
  Socket taken(loop.context(), protocol, socket.release());
  taken.non_blocking(true);
  return std::shared_ptr<Stream>(new Stream(loop, std::move(taken)));
}

Stream::Stream(Loop& loop, Socket socket) : loop_(loop), socket_(std::move(socket)) {}

void Stream::start(Callbacks callbacks) {
  callbacks_ = std::move(callbacks);
  read_more();
}

void Stream::read_more() {
  if (!open_ || paused_ || reading_ || ended_) return;
  if (consumed_ == input_size_) {
    consumed_ = input_size_ = 0;
    // The large pieces are over: an idle connection costs no more than one that never had any.
    if (input_.size() > kFirstRead && last_read_ < kFirstRead / 2) std::string(kFirstRead, '\0').swap(input_);
  }
  if (consumed_ > 0) {  // move the incomplete rest to the front
    std::copy(input_.begin() + static_cast<std::ptrdiff_t>(consumed_),
              input_.begin() + static_cast<std::ptrdiff_t>(input_size_), input_.begin());
    input_size_ -= consumed_;
    consumed_ = 0;
  }
  if (input_.size() - input_size_ < kFirstRead / 2) input_.resize(std::max(kFirstRead, input_.size() * 2));
  reading_ = true;
  if (callbacks_.descriptor) return receive_with_descriptors();
  socket_.async_read_some(asio::buffer(input_.data() + input_size_, input_.size() - input_size_),
                          [self = shared_from_this()](const boost::system::error_code& error, std::size_t length) {
                            self->reading_ = false;
                            if (self->open_) self->received(error, length);
                          });
}

void Stream::receive_with_descriptors() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    self->reading_ = false;
    if (!self->open_) return;
    iovec space{self->input_.data() + self->input_size_, self->input_.size() - self->input_size_};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMostDescriptors)];
    msghdr message{};
    message.msg_iov = &space;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = error ? -1 : ::recvmsg(self->socket_.native_handle(), &message, MSG_CMSG_CLOEXEC);
    if (!error && length < 0 && (errno == EAGAIN || errno == EINTR)) return self->read_more();
    if (length < 0) {
      return self->received(error ? error : boost::system::error_code(errno, boost::system::system_category()), 0);
    }
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
      if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
      const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < count; ++i) {
        int descriptor;
        std::memcpy(&descriptor, CMSG_DATA(each) + i * sizeof descriptor, sizeof descriptor);
        self->callbacks_.descriptor(os::Fd(descriptor));
      }
    }
    self->received(length == 0 ? boost::system::error_code(asio::error::eof) : error, static_cast<std::size_t>(length));
  });
}

void Stream::received(const boost::system::error_code& error, std::size_t length) {
  if (error) {
    ended_ = true;
    return fail(error == asio::error::eof ? 0 : error.value());
  }
  input_size_ += length;
  last_read_ = length;
  // A full buffer says that more is waiting: read larger pieces from now on.
  if (input_size_ == input_.size() && input_.size() < largest_read_) input_.resize(input_.size() * 2);
  deliver();
  read_more();
}

void Stream::deliver() {
  if (delivering_) return;
  delivering_ = true;
  const auto self = shared_from_this();  // a callback may let go of us
  while (open_ && !paused_ && !closing_ && consumed_ < input_size_) {
    const std::size_t taken = callbacks_.receive(Octets(input_.data() + consumed_, input_size_ - consumed_));
    if (taken == 0) break;
    consumed_ += taken;
  }
  if (closing_) consumed_ = input_size_;
  delivering_ = false;
}

void Stream::send(Octets octets) {
  if (!open_) return;
  output_.append(octets);
  flush_later();
}

void Stream::flush_later() {
  if (!open_) return;
  if (unsent() > high_water_) congested_ = true;
  if (flush_asked_ || writing_) return;
  flush_asked_ = true;
  loop_.at_turn_end([self = shared_from_this()] {
    self->flush_asked_ = false;
    self->flush();
  });
}

void Stream::flush() {
  if (!open_) return;  // closed since the flush was asked for
  while (written_ < output_.size()) {
    const ssize_t n = write_some();
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return wait_writable();
    if (n < 0) return fail(errno);
    written_ += static_cast<std::size_t>(n);
  }
  output_.clear();
  written_ = 0;
  if (output_.capacity() > 2 * high_water_) output_.shrink_to_fit();
  if (closing_) return close();
  if (congested_) {
    congested_ = false;
    if (callbacks_.drained) callbacks_.drained();
  }
}

void Stream::attach(os::Fd descriptor) {
  if (open_) attached_.emplace_back(output_.size(), std::move(descriptor));
}

// Up to the next octet with which a descriptor leaves; that one takes it along.
ssize_t Stream::write_some() {
  const int socket = socket_.native_handle();
  const char* const from = output_.data() + written_;
  const bool with = !attached_.empty() && attached_.front().first == written_;
  const std::size_t next = attached_.size() > (with ? 1U : 0U) ? attached_[with ? 1 : 0].first : output_.size();
  if (!with) return ::send(socket, from, next - written_, MSG_NOSIGNAL);
  const ssize_t n =
      send_with_descriptor(socket, Octets(from, next - written_), attached_.front().second.get(), MSG_NOSIGNAL);
  if (n > 0) attached_.erase(attached_.begin());
  return n;
}

void Stream::wait_writable() {
  if (written_ > kLowWater) {
    for (auto& [place, descriptor] : attached_) place -= written_;
    output_.erase(0, written_);
    written_ = 0;
  }
  writing_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code& error) {
    self->writing_ = false;
    if (error || !self->open_) return;
    self->flush();
  });
}

void Stream::pause() { paused_ = true; }

void Stream::resume() {
  if (!paused_) return;
  paused_ = false;
  if (delivering_) return;
  // Not from within the caller: it may be in the middle of handling something else.
  asio::post(loop_.context(), [self = shared_from_this()] {
    self->deliver();
    self->read_more();
  });
}

void Stream::fail(int code) {
  if (!open_) return;
  const bool silent = closing_;
  const auto closed = std::move(callbacks_.closed);
  close();
  if (closed && !silent) closed(code);
}

void Stream::close_after_flush() {
  if (!open_) return;
  closing_ = true;
  if (unsent() == 0) return close();
  flush_later();
}

void Stream::close() {
  if (!open_) return;
  open_ = false;
  boost::system::error_code ignored;
  socket_.close(ignored);
  // The callbacks may own their caller: let go of them outside of any call into them.
  asio::post(loop_.context(), [self = shared_from_this()] { self->callbacks_ = {}; });
}

}  // namespace sluice::net
