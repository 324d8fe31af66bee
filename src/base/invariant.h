// invariant(): an assertion that stays on in every build. It is for our own bugs only; nothing that a peer, a user, a
// disk or another process can cause may reach it. Prints what and where on standard error, then aborts.
#pragma once

#include <source_location>

namespace sluice {

[[noreturn]] void broken_invariant(const char* what, const std::source_location& where);

inline void invariant(bool holds, const char* what,
                      const std::source_location& where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    broken_invariant(what, where);
}

}  // namespace sluice
