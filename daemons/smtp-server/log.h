// What the server tells its operator: lines "LEVEL: sluice-smtpd: TEXT", gathered and written once a turn. Writing
// never waits for the reader: while it takes nothing, lines are kept, and above a bound they are dropped and counted.
//
// "info" goes to one descriptor, everything more serious to the other (standard output and standard error).
#pragma once

#include <string>
#include <string_view>

#include "system/net/loop.h"

namespace sluice::smtp_server {

class Log {
 public:
  // The descriptors stay the caller's.
  Log(net::Loop& loop, int info, int errors) : loop_(loop), info_{.descriptor = info}, errors_{.descriptor = errors} {}

  void info(std::string_view text) { add(info_, "info", text); }
  void warn(std::string_view text) { add(errors_, "warn", text); }

  // Writes what is left, as far as that goes without waiting. Also called each second: the reader may be back.
  void flush();

 private:
  struct Channel {
    int descriptor;
    std::string lines{};
    std::size_t dropped = 0;
  };
  void add(Channel& channel, std::string_view level, std::string_view text);
  static void flush(Channel& channel);

  net::Loop& loop_;
  Channel info_, errors_;
  bool flush_asked_ = false;
};

}  // namespace sluice::smtp_server
