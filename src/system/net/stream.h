// Stream: one connected socket (TCP or AF_UNIX) in the loop, buffered in both directions. What is sent during a turn
// leaves in one write at its end. TLS will live inside this class; its users see octets only.
//
// Ownership: held by shared_ptr, because completions may be under way when its user lets go; after close() no callback
// is called any more.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::net {

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  struct Callbacks {
    // All octets received and not yet consumed; returns how many were consumed. The rest comes again, with more.
    std::function<std::size_t(Octets)> receive;
    // The peer closed (code 0) or the connection failed (errno). The stream is closed already.
    std::function<void(int code)> closed;
    // All output was written after it had been above high water. Optional.
    std::function<void()> drained = nullptr;
    // A descriptor that came with octets that are still to be received; called before them. Without it, descriptors
    // that a peer sends (AF_UNIX) are closed by the kernel.
    std::function<void(os::Fd)> descriptor = nullptr;
  };

  static constexpr std::size_t kHighWater = 1 << 20;  // octets of unsent output that make congested() true
  static constexpr std::size_t kLowWater = 256 << 10;

  // Takes over a connected, stream-type socket; makes it non-blocking.
  static std::shared_ptr<Stream> adopt(Loop& loop, os::Fd socket);

  void start(Callbacks callbacks);

  // Appends to the output; leaves at the end of the turn.
  void send(Octets octets);
  // The output buffer itself, for encoders; call flush_later() after appending.
  std::string& output() { return output_; }
  void flush_later();
  // AF_UNIX: the descriptor travels with the next octet that is appended.
  void attach(os::Fd descriptor);
  std::size_t unsent() const { return output_.size() - written_; }
  bool congested() const { return congested_; }
  // For streams of which there are many: what a peer that does not read, and one that sends fast, costs in memory.
  void set_high_water(std::size_t octets) { high_water_ = octets; }
  void set_largest_read(std::size_t octets) { largest_read_ = octets; }

  // Stops (resumes) reading; what was received stays in the buffer.
  void pause();
  void resume();

  // Sends what is buffered, then closes; no callback after this call.
  void close_after_flush();
  void close();
  bool is_open() const { return open_; }

  int native() { return socket_.native_handle(); }

 private:
  using Socket = boost::asio::generic::stream_protocol::socket;
  Stream(Loop& loop, Socket socket);
  void read_more();
  void receive_with_descriptors();
  void received(const boost::system::error_code& error, std::size_t length);
  void deliver();
  void flush();
  ssize_t write_some();
  void wait_writable();
  void fail(int code);

  Loop& loop_;
  Socket socket_;
  Callbacks callbacks_;
  std::string input_;
  std::size_t input_size_ = 0;  // octets of input_ that hold data, from consumed_ on
  std::size_t consumed_ = 0;
  std::size_t last_read_ = 0;
  std::size_t largest_read_ = 1 << 20;
  std::string output_;
  std::size_t high_water_ = kHighWater;
  std::size_t written_ = 0;
  std::vector<std::pair<std::size_t, os::Fd>> attached_;  // by the place in output_ with which they leave
  bool open_ = true, paused_ = false, reading_ = false, delivering_ = false;
  bool flush_asked_ = false, writing_ = false, congested_ = false, closing_ = false, ended_ = false;
};

// Sockets for both families, as the kernel gives them: TCP with TCP_NODELAY, close-on-exec throughout.
//   errors  the errno that stopped it
void set_no_delay(int socket);

}  // namespace sluice::net
