// matchup: brings together the lines of the activity record. See matchup(1).

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/activity/matchup.h"
#include "system/os/failure.h"

namespace sluice::matchup {

namespace {

constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr int kPending = 5;                    // where what has no end yet goes, if it is open
constexpr std::size_t kBlock = 1 << 18;        // octets read, and written, at once
constexpr std::size_t kLongestLine = 1 << 16;  // octets; what is behind them is left out

void write_all(int fd, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(fd, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw os::Fatal(kExitFailure, os::with_errno("cannot write"));
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Hands each line of descriptor 0 to `take`, without its line feed, and calls `after` once for each block read.
template <class Take, class After>
void each_line(Take take, After after) {
  std::vector<char> block(kBlock);
  std::string begun;  // of the last block's last line
  const auto keep = [&](std::string_view text) { begun.append(text.substr(0, kLongestLine - begun.size())); };
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw os::Fatal(kExitFailure, os::with_errno("cannot read"));
    if (count == 0) break;
    std::string_view text(block.data(), static_cast<std::size_t>(count));
    for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
      if (begun.empty()) {
        take(text.substr(0, std::min(end, kLongestLine)));
      } else {
        keep(text.substr(0, end));
        take(std::string_view(begun));
        begun.clear();
      }
      text.remove_prefix(end + 1);
    }
    keep(text);
    after();
  }
  if (!begun.empty()) take(std::string_view(begun));
  after();
}

int run(int argc, char**) {
  if (argc > 1) throw os::Fatal(kExitUsage, "takes no arguments; usage: matchup <log >results 5>pending");
  activity::Matchup matchup;
  std::string out;
  each_line([&](std::string_view line) { matchup.take(line, out); },
            [&] {
              write_all(STDOUT_FILENO, out);
              out.clear();
            });
  matchup.append_pending(out);
  if (::write(kPending, "", 0) == 0) write_all(kPending, out);
  return 0;
}

}  // namespace

}  // namespace sluice::matchup

int main(int argc, char** argv) { return sluice::os::run_main("matchup", sluice::matchup::run, argc, argv); }
