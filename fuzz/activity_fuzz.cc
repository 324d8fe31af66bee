// A log for matchup: whatever it holds, what is pending at its end reads back as the same pending, and each line of
// output is one line. The same octets through splogger's cutter give printable messages of bounded length.
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/invariant.h"
#include "core/activity/matchup.h"
#include "core/activity/syslog_lines.h"

using namespace sluice;

namespace {

void feed(activity::Matchup& matchup, Octets text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    matchup.take(text.substr(0, end), out);
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

void check_matchup(Octets text) {
  activity::Matchup first, second;
  std::string out, kept, nothing, again;
  feed(first, text, out);
  first.append_pending(kept);
  feed(second, kept, nothing);
  second.append_pending(again);
  invariant(nothing.empty() && kept == again, "what is pending is not read back");
}

void check_cutter(Octets text) {
  activity::SyslogLines lines([](activity::Priority, const std::string& message) {
    invariant(message.size() <= 40 + activity::SyslogLines::kLongestPiece, "a message that is too long");
    for (const char c : message) invariant(c >= ' ' && c <= '~', "an octet that is not printable");
  });
  lines.take(text, 1);
  lines.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  check_matchup(text);
  check_cutter(text);
  return 0;
}
