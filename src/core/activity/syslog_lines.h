// SyslogLines: cuts a stream of lines into the messages that splogger(8) gives to syslog. Each line becomes a message
// that opens with the time at which its first octet came, or several where it is long; a message is printable ASCII.
// Its priority is that of the line: alert for what begins "alert:", warning for "warning:" and "warn:", notice for
// "notice:", else information.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::activity {

enum class Priority : std::uint8_t { kAlert, kWarning, kNotice, kInformation };
Priority priority_of(std::string_view line);

class SyslogLines {
 public:
  using Emit = std::function<void(Priority, const std::string& message)>;
  static constexpr std::size_t kLongestPiece = 799;  // octets of a line in one message

  explicit SyslogLines(Emit emit) : emit_(std::move(emit)) {}

  // `now` in microseconds since 1970.
  void take(std::string_view octets, std::int64_t now);
  // The stream has ended: a last line without its line feed counts.
  void finish();

 private:
  void flush();

  Emit emit_;
  std::string piece_;
  std::int64_t began_ = 0;  // when the line began
  Priority priority_ = Priority::kInformation;
  bool continued_ = false;  // piece_ is not the line's first
};

}  // namespace sluice::activity
