#include "terminal_kind.h"

#include <curses.h>
#include <term.h>
#include <unistd.h>

namespace sluice::qtop {

bool can_place_cursor() {
  int error = 0;
  if (::setupterm(nullptr, STDOUT_FILENO, &error) != OK) return false;
  char name[] = "cup";
  const bool can = ::tigetstr(name) != nullptr;  // never (char*)-1, which is for names that are no string
  ::del_curterm(cur_term);
  return can;
}

}  // namespace sluice::qtop
