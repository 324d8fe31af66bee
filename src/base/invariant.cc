#include "base/invariant.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void broken_invariant(const char* what, const std::source_location& where) {
  std::fprintf(stderr, "alert: broken invariant: %s at %s:%u in %s\n", what, where.file_name(), where.line(),
               where.function_name());
  std::abort();
}

}  // namespace sluice
