#include "log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::smtp_server {

namespace {

constexpr std::size_t kMostKept = 256 << 10;  // octets of lines that could not be written
// A pipe that poll() calls writable takes this much without waiting (pipe(7): at least one page is free).
constexpr std::size_t kPiece = 4096;

}  // namespace

void Log::add(Channel& channel, std::string_view level, std::string_view text) {
  if (channel.lines.size() > kMostKept) {
    ++channel.dropped;
    return;
  }
  fmt::format_to(std::back_inserter(channel.lines), "{}: sluice-smtpd: {}\n", level, text);
  if (flush_asked_) return;
  flush_asked_ = true;
  loop_.at_turn_end([this] {
    flush_asked_ = false;
    flush();
  });
}

void Log::flush() {
  flush(info_);
  flush(errors_);
}

void Log::flush(Channel& channel) {
  std::size_t written = 0;
  while (written < channel.lines.size()) {
    pollfd ready{.fd = channel.descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) break;
    const std::size_t piece = std::min(kPiece, channel.lines.size() - written);
    const ssize_t n = ::write(channel.descriptor, channel.lines.data() + written, piece);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  channel.lines.erase(0, written);
  if (channel.dropped == 0 || !channel.lines.empty()) return;
  channel.lines = fmt::format("warn: sluice-smtpd: {} log lines were dropped\n", channel.dropped);
  channel.dropped = 0;
}

}  // namespace sluice::smtp_server
