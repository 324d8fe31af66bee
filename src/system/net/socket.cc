#include "system/net/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/bytes.h"

namespace sluice::net {

namespace {

SocketError error_of(const std::string& what, int code) {
  return {code, fmt::format("{}: {}", what, std::strerror(code))};
}

template <class Address>
const Address& as(const sockaddr_storage& storage) {
  return reinterpret_cast<const Address&>(storage);
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : 0;
}

}  // namespace

Endpoint Endpoint::from_address(const std::string& address, std::uint16_t port) {
  Endpoint endpoint;
  auto& v4 = reinterpret_cast<sockaddr_in&>(endpoint.storage_);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(endpoint.storage_);
  if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    endpoint.length_ = sizeof v4;
  } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    endpoint.length_ = sizeof v6;
  }
  return endpoint;
}

Result<Endpoint, SocketError> Endpoint::parse(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto bad = [&] {
    return fail(SocketError{EINVAL, fmt::format("'{}' is not ADDRESS:PORT (e.g. 127.0.0.1:25 or [::1]:25)", text)});
  };
  if (colon == std::string::npos) return bad();
  std::string address = text.substr(0, colon);
  const std::uint16_t port = parse_port(std::string_view(text).substr(colon + 1));
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  else if (address.find(':') != std::string::npos)
    return bad();
  const Endpoint endpoint = from_address(address, port);
  // Port 0 lets the kernel choose; only the digits "0" mean it.
  if (endpoint.empty() || (port == 0 && text.substr(colon + 1) != "0")) return bad();
  return endpoint;
}

Result<Endpoint, SocketError> Endpoint::path(const std::string& path) {
  Endpoint endpoint;
  auto& address = reinterpret_cast<sockaddr_un&>(endpoint.storage_);
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return fail(SocketError{ENAMETOOLONG,
                            fmt::format("socket path {} is longer than {} octets", path, sizeof address.sun_path - 1)});
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  endpoint.length_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return endpoint;
}

Endpoint Endpoint::peer_of(int socket) {
  Endpoint endpoint;
  endpoint.length_ = sizeof endpoint.storage_;
  if (::getpeername(socket, reinterpret_cast<sockaddr*>(&endpoint.storage_), &endpoint.length_) != 0)
    endpoint.length_ = 0;
  return endpoint;
}

Endpoint Endpoint::local_of(int socket) {
  Endpoint endpoint;
  endpoint.length_ = sizeof endpoint.storage_;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&endpoint.storage_), &endpoint.length_) != 0)
    endpoint.length_ = 0;
  return endpoint;
}

std::string Endpoint::address() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage_.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &as<sockaddr_in>(storage_).sin_addr, text, sizeof text);
  } else if (storage_.ss_family == AF_INET6) {
    const in6_addr& v6 = as<sockaddr_in6>(storage_).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
      ::inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
    else
      ::inet_ntop(AF_INET6, &v6, text, sizeof text);
  }
  return text;
}

std::uint16_t Endpoint::port() const {
  if (storage_.ss_family == AF_INET) return ntohs(as<sockaddr_in>(storage_).sin_port);
  if (storage_.ss_family == AF_INET6) return ntohs(as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

std::string Endpoint::to_string() const {
  if (storage_.ss_family == AF_UNIX && length_ > 0) return as<sockaddr_un>(storage_).sun_path;
  const std::string text = address();
  return text.find(':') == std::string::npos ? fmt::format("{}:{}", text, port())
                                             : fmt::format("[{}]:{}", text, port());
}

Result<os::Fd, SocketError> listen_tcp(const Endpoint& at, bool shared, int backlog) {
  const std::string what = "cannot listen on " + at.to_string();
  os::Fd socket(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(error_of(what, errno));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
    return fail(error_of(what, errno));
  if (at.family() == AF_INET6) ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket.get(), at.data(), at.length()) != 0 || ::listen(socket.get(), backlog) != 0)
    return fail(error_of(what, errno));
  return socket;
}

Result<os::Fd, SocketError> listen_path(const std::string& path, unsigned mode) {
  const std::string what = "cannot listen on " + path;
  auto endpoint = Endpoint::path(path);
  if (!endpoint) return fail(endpoint.error());
  os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail(error_of(what, errno));
  if (::bind(socket.get(), endpoint->data(), endpoint->length()) != 0) {
    // Only a socket that nobody answers on is stale; a living one belongs to another instance.
    if (errno != EADDRINUSE || connect_path(path) || ::unlink(path.c_str()) != 0 ||
        ::bind(socket.get(), endpoint->data(), endpoint->length()) != 0)
      return fail(error_of(what, errno == 0 || errno == ECONNREFUSED ? EADDRINUSE : errno));
  }
  if (::chmod(path.c_str(), mode) != 0 || ::listen(socket.get(), 256) != 0) return fail(error_of(what, errno));
  return socket;
}

Result<os::Fd, SocketError> connect_path(const std::string& path, bool wait) {
  auto endpoint = Endpoint::path(path);
  if (!endpoint) return fail(endpoint.error());
  os::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0));
  if (!socket || ::connect(socket.get(), endpoint->data(), endpoint->length()) != 0)
    return fail(error_of("cannot connect to " + path, errno));
  return socket;
}

Result<std::pair<os::Fd, os::Fd>, SocketError> socket_pair() {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0)
    return fail(error_of("cannot make a socket pair", errno));
  return std::pair{os::Fd(both[0]), os::Fd(both[1])};
}

Result<std::pair<os::Fd, os::Fd>, SocketError> socket_pair_of(std::optional<unsigned> uid) {
  if (!uid || *uid == ::geteuid()) return socket_pair();
  const uid_t before = ::geteuid();
  const pid_t parent = ::getppid();
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  if (::seteuid(*uid) != 0) return fail(error_of("cannot become another user", errno));
  auto pair = socket_pair();
  // Going on as somebody else would be worse than not at all.
  if (::seteuid(before) != 0) std::abort();
  if (death_signal != 0) {  // a change of credentials makes the kernel forget it, and the parent may be gone
    ::prctl(PR_SET_PDEATHSIG, death_signal);
    if (::getppid() != parent) ::raise(death_signal);
  }
  return pair;
}

ssize_t send_with_descriptor(int unix_socket, Octets octets, int descriptor, int flags) {
  iovec part{const_cast<char*>(octets.data()), octets.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptor)] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return ::sendmsg(unix_socket, &message, flags);
}

PeerCredentials credentials_of(int unix_socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(unix_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return {};
  return {credentials.uid, credentials.gid, credentials.pid};
}

}  // namespace sluice::net
