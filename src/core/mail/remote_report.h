// What a program in the manner of qmail-remote(8) says about a delivery to one recipient, as an outcome. Pure; its
// input is the output of a program that somebody else wrote, so anything may stand in it.
//
// The output is reports, each a letter, a text and a NUL. First, if the server was asked for the recipient, one for
// him:
//
//   r  accepted      h  refused for good      s  refused for now
//
// then one for the message:
//
//   K  accepted      D  refused for good      Z  refused for now
//
// The report for the message decides, but what was said about the recipient counts over it: s defers, h fails. A
// program that could not say either way has failed. The text of the outcome is that of the first report, followed by
// that for the message unless it was the better of the two; line ends become '/'.
//
// Exit codes: 0 as above; 111 the program could not do its work, deferred; everything else, failed. Killed by a signal,
// or no output: deferred.
#pragma once

#include "base/bytes.h"
#include "core/mail/outcome.h"

namespace sluice::mail {

// How the program ended.
struct ProgramEnd {
  enum class How : std::uint8_t { kExited, kKilled, kTimedOut };
  How how = How::kExited;
  int code = 0;  // exit code, or signal
};

inline constexpr std::size_t kMaximumRemoteOutput = 10'000;  // octets that are read; the rest is dropped

// The enhanced code is the one in the text, "(#5.1.1)" at its end or behind a reply code of three digits, if it fits
// the verdict; else x.0.0. Trouble follows from 4.4.1, 4.4.2 and 4.4.3. A delivered message has reached a server of
// which nothing is known: Reached::kServer.
Outcome read_remote_report(Octets output, const ProgramEnd& end);

}  // namespace sluice::mail
