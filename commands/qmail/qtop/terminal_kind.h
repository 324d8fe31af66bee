// What the terminal of standard output can do, as terminfo says. In a file of its own because <term.h> makes macros of
// words like columns and lines.
#pragma once

namespace sluice::qtop {

// Whether ncurses can draw there. Asked before newterm(), which does not give back what it took when it fails.
bool can_place_cursor();

}  // namespace sluice::qtop
