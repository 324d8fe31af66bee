#include "terminal.h"

#include <fmt/format.h>

#define NCURSES_NOMACROS  // they have names like move and timeout
#include <ncurses.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "system/os/failure.h"
#include "terminal_kind.h"

namespace sluice::qtop {

namespace {

enum Pair : short { kGreen = 1, kYellow, kRed };

bool has_colours() {
  if (std::getenv("NO_COLOR") != nullptr || !::has_colors() || ::start_color() == ERR) return false;
  const short background = ::use_default_colors() == OK ? short{-1} : short{COLOR_BLACK};
  ::init_pair(kGreen, COLOR_GREEN, background);
  ::init_pair(kYellow, COLOR_YELLOW, background);
  ::init_pair(kRed, COLOR_RED, background);
  return true;
}

attr_t attributes_of(monitor::Style style) {
  switch (style) {
    case monitor::Style::kPlain:
    case monitor::Style::kGood:
    case monitor::Style::kWarning:
      break;
    case monitor::Style::kTitle:
      return A_REVERSE | A_BOLD;
    case monitor::Style::kHeading:
      return A_REVERSE;
    case monitor::Style::kBad:
      return A_BOLD;
    case monitor::Style::kFaint:
      return A_DIM;
  }
  return A_NORMAL;
}

short pair_of(monitor::Style style) {
  switch (style) {
    case monitor::Style::kGood:
      return kGreen;
    case monitor::Style::kWarning:
      return kYellow;
    case monitor::Style::kBad:
      return kRed;
    case monitor::Style::kPlain:
    case monitor::Style::kTitle:
    case monitor::Style::kHeading:
    case monitor::Style::kFaint:
      break;
  }
  return 0;
}

Key key_of(int code) {
  switch (code) {
    case ERR:
      return Key::kNone;
    case 'q':
    case 'Q':
      return Key::kQuit;
    case ' ':
      return Key::kNow;
    case 'p':
      return Key::kPause;
    case 's':
      return Key::kOrder;
    case 'h':
    case '?':
      return Key::kHelp;
    case 'j':
    case KEY_DOWN:
      return Key::kDown;
    case 'k':
    case KEY_UP:
      return Key::kUp;
    case KEY_NPAGE:
      return Key::kPageDown;
    case KEY_PPAGE:
      return Key::kPageUp;
    default:
      return Key::kOther;
  }
}

}  // namespace

Terminal::Terminal() {
  if (!can_place_cursor() || ::newterm(nullptr, stdout, stdin) == nullptr) {
    const char* type = std::getenv("TERM");
    throw os::Fatal(111, fmt::format("cannot use a terminal of type \"{}\"; --once needs none", type ? type : ""));
  }
  ::cbreak();
  ::noecho();
  ::nonl();
  ::keypad(stdscr, true);
  ::nodelay(stdscr, true);
  ::set_escdelay(25);  // milliseconds until a lone escape is no beginning of a key
  ::curs_set(0);
  colours_ = has_colours();
}

Terminal::~Terminal() { ::endwin(); }

monitor::Size Terminal::size() const {
  const int rows = ::getmaxy(stdscr), columns = ::getmaxx(stdscr);
  return {static_cast<std::size_t>(std::max(rows, 0)), static_cast<std::size_t>(std::max(columns, 0))};
}

void Terminal::show(const std::vector<monitor::Row>& rows) {
  ::werase(stdscr);
  for (std::size_t y = 0; y < rows.size(); ++y) {
    ::wmove(stdscr, static_cast<int>(y), 0);
    for (const monitor::Piece& piece : rows[y]) {
      ::wattr_set(stdscr, attributes_of(piece.style), colours_ ? pair_of(piece.style) : short{0}, nullptr);
      ::waddnstr(stdscr, piece.text.data(), static_cast<int>(piece.text.size()));
    }
  }
  ::wattr_set(stdscr, A_NORMAL, 0, nullptr);
  ::wrefresh(stdscr);
}

Key Terminal::key() { return key_of(::wgetch(stdscr)); }

}  // namespace sluice::qtop
