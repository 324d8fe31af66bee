// Carries out the instructions for one letter, one after the other, in the order of their file: what qmail-local(8)
// does. May take as long as the recipient's programs do, and so runs in a process for this letter alone.
//
// What was done stays done: when a later instruction fails for now, the whole letter is tried again later, and those
// before it happen once more (as with qmail). Forwards go out last, as one message.
#pragma once

#include <chrono>

#include "body.h"
#include "core/link/worker.h"
#include "directions.h"

namespace sluice::mailbox_delivery {

struct Work {
  const link::Letter& letter;
  const link::WorkerSetup& setup;
  const Body& body;
  std::uint64_t& sequence;                         // of the files that this process has made in Maildirs
  std::chrono::steady_clock::time_point deadline;  // of its programs
};

// What a mailbox gets on top of the message, in LF form.
std::string header_for(const link::Letter& letter);

// To the home, if there is one; nothing: we are there.
std::optional<mail::Outcome> enter_home(const link::Letter& letter);

// A letter that was here before, or everywhere.
std::optional<mail::Outcome> find_loop(const link::Letter& letter, const link::WorkerSetup& setup, const Body& body);

link::LetterDone carry_out(const Work& work, Directions directions);

// A letter to an entry of the alias database (Addressee::kAlias).
link::LetterDone carry_out_alias(const Work& work);

// The program QMAILLOCAL in place of all that: with the arguments and exit codes of qmail-local(8).
link::LetterDone run_replacement(const Work& work, const std::string& program);

// Any letter, from the beginning.
link::LetterDone deliver(const Work& work, const std::string& replacement);

}  // namespace sluice::mailbox_delivery
