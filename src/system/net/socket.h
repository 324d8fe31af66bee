// Making sockets: addresses as settings write them, listeners, connections, pairs. All close-on-exec and non-blocking.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "system/net/loop.h"
#include "system/os/fd.h"

namespace sluice::net {

struct SocketError {
  int code = 0;      // errno
  std::string what;  // "cannot listen on 127.0.0.1:25: Address already in use"
};

// An IP address and port, or a path in the file system.
class Endpoint {
 public:
  Endpoint() = default;
  // "192.0.2.1:25", "[2001:db8::1]:25"; addresses only, no names.
  static Result<Endpoint, SocketError> parse(const std::string& text);
  static Endpoint from_address(const std::string& address, std::uint16_t port);  // numeric; invalid gives empty()
  static Result<Endpoint, SocketError> path(const std::string& path);            // AF_UNIX
  static Endpoint peer_of(int socket);
  static Endpoint local_of(int socket);

  bool empty() const { return length_ == 0; }
  std::string to_string() const;  // "192.0.2.1:25", "[2001:db8::1]:25", or the path
  std::string address() const;    // "192.0.2.1", "2001:db8::1"; v4-mapped addresses as IPv4; empty for a path
  std::uint16_t port() const;
  int family() const { return storage_.ss_family; }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t length() const { return length_; }

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

// A listening TCP socket; with `shared` several processes may listen on the same port (SO_REUSEPORT).
Result<os::Fd, SocketError> listen_tcp(const Endpoint& at, bool shared, int backlog = 1024);
// A listening AF_UNIX socket with the given mode; a stale socket file of a dead process is replaced.
Result<os::Fd, SocketError> listen_path(const std::string& path, unsigned mode);
// Connects to an AF_UNIX socket on this machine. A listener whose backlog is full makes the caller wait, or without
// `wait` fail with EAGAIN.
Result<os::Fd, SocketError> connect_path(const std::string& path, bool wait = true);
// AF_UNIX stream pair.
Result<std::pair<os::Fd, os::Fd>, SocketError> socket_pair();
// The same, made by this user as far as credentials_of() tells; nothing: by us. Only root can make it for others.
Result<std::pair<os::Fd, os::Fd>, SocketError> socket_pair_of(std::optional<unsigned> uid);

// Sends octets over an AF_UNIX socket, the first of them with a descriptor (SCM_RIGHTS). Like send(2) with `flags`.
ssize_t send_with_descriptor(int unix_socket, Octets octets, int descriptor, int flags);

struct PeerCredentials {
  unsigned uid = ~0u, gid = ~0u;
  int pid = 0;
};
PeerCredentials credentials_of(int unix_socket);  // SO_PEERCRED, of the moment of connect()

// Accepts connections in the loop, several a turn, for as long as it lives. When descriptors run out it rests for a
// tenth of a second instead of spinning.
//
// While suspended nobody can connect: the port answers as if nobody listened at it, and the clients go elsewhere. The
// socket keeps its address, if its port was asked for by number. Whoever had connected and was not accepted yet is cut
// off.
class Acceptor {
 public:
  Acceptor(Loop& loop, os::Fd listener, std::function<void(os::Fd, Endpoint peer)> on_accept);
  ~Acceptor();
  void close();
  void suspend();
  // False: the system does not let us listen again now (errno says why); to be tried again.
  bool resume();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Starts a connection, of TCP or to a path, and calls back once: a connected socket, or the errno that stopped it
// (ETIMEDOUT after `timeout`, EAGAIN if the backlog of a path's listener is full; ECANCELED never: a cancelled attempt
// does not call back).
class Connecting {
 public:
  virtual ~Connecting() = default;  // destroying it cancels
};
std::unique_ptr<Connecting> connect_to(Loop& loop, const Endpoint& to, Duration timeout,
                                       std::function<void(os::Fd, int code)> done);

}  // namespace sluice::net
