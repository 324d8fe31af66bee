#include "listeners.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "core/link/descriptors.h"
#include "system/net/socket.h"
#include "system/os/failure.h"

namespace sluice::smtp_server {

namespace {

constexpr int kMostListeners = 1000;
constexpr int kBacklog = 1024;

bool listens(int descriptor) {
  int listening = 0;
  socklen_t length = sizeof listening;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 && listening != 0;
}

os::Fd inherit(int descriptor) {
  // One that was refusing connections when its process died (Acceptor::suspend) is bound, but does not listen.
  const bool bound = net::Endpoint::local_of(descriptor).port() != 0;
  if (!listens(descriptor) && !(bound && ::listen(descriptor, kBacklog) == 0))
    throw os::Fatal(EX_USAGE, fmt::format("descriptor {} is not a listening socket, though {} says so", descriptor,
                                          link::kListenerCount));
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  return os::Fd(descriptor);
}

std::vector<os::Fd> inherit_all(std::string_view count_text) {
  int count = 0;
  const char* const end = count_text.data() + count_text.size();
  const auto [stopped, error] = std::from_chars(count_text.data(), end, count);
  if (error != std::errc{} || stopped != end || count < 1 || count > kMostListeners)
    throw os::Fatal(EX_USAGE, fmt::format("{} must be a number of 1 to {}, not \"{}\"", link::kListenerCount,
                                          kMostListeners, count_text));
  std::vector<os::Fd> listeners;
  for (int i = 0; i < count; ++i) listeners.push_back(inherit(link::kFirstListener + i));
  return listeners;
}

}  // namespace

std::vector<os::Fd> open_listeners(const std::vector<settings::Endpoint>& listen) {
  if (const char* const count = std::getenv(link::kListenerCount)) return inherit_all(count);
  if (listen.empty()) throw os::Fatal(EX_CONFIG, "smtp.listen is empty: there is nothing to listen on");
  std::vector<os::Fd> listeners;
  for (const settings::Endpoint& at : listen) {
    auto listener = net::listen_tcp(net::Endpoint::from_address(at.address.to_text(), at.port), /*shared=*/true);
    if (!listener) throw os::Fatal(EX_UNAVAILABLE, listener.error().what);
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace sluice::smtp_server
