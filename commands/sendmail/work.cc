#include "work.h"

#include <fmt/format.h>

#include <cstdio>

namespace sluice::sendmail {

void complain(std::string_view program, std::string_view text) {
  // Nobody is left to tell when standard error is gone.
  [[maybe_unused]] const int written = std::fputs(fmt::format("{}: {}\n", program, text).c_str(), stderr);
}

void Work::say(std::string_view text) const {
  if (options.errors != Errors::kQuiet) complain(program, text);
}

int Work::fail(int status, std::string_view text) const {
  say(text);
  return status;
}

int status_of(const submission::Refusal& refusal) { return refusal.permanent ? EX_UNAVAILABLE : EX_TEMPFAIL; }

}  // namespace sluice::sendmail
