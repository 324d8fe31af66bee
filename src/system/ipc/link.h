// Link: a Stream that carries the frames of core/link. Says Hello at once, takes no other frame before the peer's
// Hello, and ends itself (closed() is called) when the peer breaks the protocol. Frames sent in one turn leave in one
// write.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/link/messages.h"
#include "system/net/stream.h"
#include "system/os/fd.h"

namespace sluice::ipc {

class Link {
 public:
  struct Callbacks {
    // The peer has introduced itself.
    std::function<void(const link::Hello&)> hello;
    // One frame; its payload is valid during the call. False: the payload is malformed; the link ends.
    std::function<bool(const link::Frame&)> frame;
    // The peer closed, died, or broke the protocol; `why` is for a log line.
    std::function<void(const std::string& why)> closed;
    // See net::Stream::Callbacks::drained. Optional.
    std::function<void()> drained = nullptr;
    // Descriptors may come with frames: take_descriptor().
    bool descriptors = false;
  };

  Link(net::Loop& loop, os::Fd socket, const link::Hello& self, Callbacks callbacks);
  ~Link();
  Link(const Link&) = delete;

  template <class Message>
  void send(const Message& message) {
    link::append_message(stream_->output(), message);
    stream_->flush_later();
  }

  // With a descriptor; the peer finds it with take_descriptor() while it handles the frame.
  template <class Message>
  void send(const Message& message, os::Fd descriptor) {
    stream_->attach(std::move(descriptor));
    send(message);
  }
  // The oldest that came and was not taken; empty if there is none.
  os::Fd take_descriptor();

  bool congested() const { return stream_->congested(); }
  void pause() { stream_->pause(); }
  void resume() { stream_->resume(); }
  // Sends what is buffered, then closes; no callback any more.
  void close_after_flush() { stream_->close_after_flush(); }
  bool is_open() const { return stream_->is_open(); }
  const link::Hello& peer() const { return peer_; }  // all zero before its Hello

 private:
  std::size_t receive(Octets octets);
  bool handle(const link::Frame& frame);
  void end(const std::string& why);
  void tell(const std::string& why);

  std::shared_ptr<net::Stream> stream_;
  std::shared_ptr<Callbacks> callbacks_;
  static constexpr std::size_t kMostDescriptors = 8;
  std::shared_ptr<std::vector<os::Fd>> descriptors_ = std::make_shared<std::vector<os::Fd>>();
  link::Hello peer_;
  bool introduced_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::ipc
