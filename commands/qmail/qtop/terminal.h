// Terminal: the screen and the keyboard of whoever started the program. While one lives the terminal is in the mode of
// full-screen programs; its end sets it back. There is one at most.
//
// For the thread that began the program. The size is known anew after a SIGWINCH, which must not be blocked for ever.
#pragma once

#include <vector>

#include "core/monitor/screen.h"

namespace sluice::qtop {

enum class Key : std::uint8_t {
  kNone,  // nothing was pressed
  kOther,
  kQuit,
  kNow,
  kPause,
  kOrder,
  kHelp,
  kDown,
  kUp,
  kPageDown,
  kPageUp,
};

class Terminal {
 public:
  Terminal();  // throws os::Fatal (111): nothing is known about this kind of terminal
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  monitor::Size size() const;
  void show(const std::vector<monitor::Row>& rows);
  Key key();  // never waits

 private:
  bool colours_ = false;
};

}  // namespace sluice::qtop
