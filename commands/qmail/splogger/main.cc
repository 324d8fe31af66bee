// splogger: gives the lines of its input to syslog. See splogger(8).

#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "core/activity/syslog_lines.h"
#include "system/os/failure.h"
#include "system/os/syslog_level.h"

namespace sluice::splogger {

namespace {

constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr int kMostFacility = LOG_NFACILITIES - 1;

int facility_of(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || number > kMostFacility)
    throw os::Fatal(kExitUsage, "a facility is a number from 0 to " + std::to_string(kMostFacility));
  return number << 3;
}

std::int64_t microseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

int run(int argc, char** argv) {
  if (argc > 3) throw os::Fatal(kExitUsage, "usage: splogger [tag [facility]]");
  ::openlog(argc > 1 ? argv[1] : "splogger", 0, argc > 2 ? facility_of(argv[2]) : LOG_MAIL);
  activity::SyslogLines lines([](activity::Priority priority, const std::string& message) {
    ::syslog(os::syslog_level(priority), "%s", message.c_str());
  });
  std::array<char, 16384> block;
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw os::Fatal(kExitFailure, os::with_errno("cannot read"));
    if (count == 0) break;
    lines.take({block.data(), static_cast<std::size_t>(count)}, microseconds_now());
  }
  lines.finish();
  return 0;
}

}  // namespace

}  // namespace sluice::splogger

int main(int argc, char** argv) { return sluice::os::run_main("splogger", sluice::splogger::run, argc, argv); }
