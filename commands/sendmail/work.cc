#include "work.h"

#include <fmt/format.h>
#include <syslog.h>

#include <algorithm>
#include <cstdio>

namespace sluice::sendmail {

void complain(std::string_view program, std::string_view text) {
  // Nobody is left to tell when standard error is gone.
  [[maybe_unused]] const int written = std::fputs(fmt::format("{}: {}\n", program, text).c_str(), stderr);
}

void complain(std::string_view program, const Misuse& misuse) {
  if (!misuse.word_for_word) return complain(program, misuse.text);
  ::openlog("sendmail", LOG_PID, LOG_MAIL);
  for (std::string_view rest = misuse.text; !rest.empty();) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    [[maybe_unused]] const int written = std::fputs(fmt::format("{}\n", line).c_str(), stderr);
    ::syslog(LOG_ERR, "%s", line.c_str());
  }
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
