// Submission: the one way in which a local program (sendmail, qmail-inject, a forward of qmail-local) hands a message
// in. Blocks until the message is durable in a queue or refused; for short-lived programs of one thread, under any uid.
//
// Doors, in this order, unless the caller asks for a program:
//   1. the intake socket of a queue of the message's group, as core/select chooses; another queue if the chosen one
//   cannot be reached;
//   2. the program qmail-queue, with the message on its descriptor 0 and the envelope on 1, which queues the message in
//      the todo directory while no daemon runs. It is tried only if nothing can have been stored behind door 1.
// When the link to an intake breaks after the last octet was sent, nobody knows whether the message was stored: the
// answer is a temporary refusal. Who tries again may cause a duplicate, never a loss.
//
// The envelope of door 2 knows sender and recipients only: what else an Envelope says (NOTIFY, RET, ENVID, flow) is not
// carried through it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "core/link/messages.h"
#include "core/mail/envelope.h"
#include "core/select/queue_choice.h"
#include "core/settings/settings.h"
#include "system/groups/groups.h"
#include "system/os/environment.h"

namespace sluice::submission {

struct Doors {
  std::vector<std::string> intakes;             // sockets of the queues, in the order of the queues; may be empty
  std::vector<select::QueueState> states;       // of these queues; as many, or none: they are all equal
  std::vector<std::size_t> groups;              // to which they belong; as many, or none: there is one group
  std::shared_ptr<const groups::Groups> rules;  // which of them takes a message; empty: there is one
  std::vector<std::string> queue_program;       // program and arguments of door 2; empty: there is no such door
  os::Environment environment;                  // of that program
  bool program_only = false;                    // somebody asked for the program: door 1 is not tried
  link::Role role = link::Role::kCommand;
  Duration patience{300'000};  // for each sign of life of an intake; the program has an alarm of its own
};

// The doors of an instance: the intakes of the queues that take messages now (system/ipc/offered_queues.h), and
// qmail-queue beside the program that calls this.
//   environment  what the program was started with. Its QMAILQUEUE, unless empty or `honour_qmailqueue` is false,
//                names the program to use instead (words split at spaces, not by a shell); then only that is used.
//                Programs that run with more rights than their caller must pass false.
Doors doors_of(const settings::Settings& settings, const os::Environment& environment, bool honour_qmailqueue);

// Where the octets of a message come from. They end their lines as the envelope's line_form says (local programs: kLf).
class Source {
 public:
  virtual ~Source() = default;
  // Up to `length` octets; 0 at the end. The error is an errno.
  virtual Result<std::size_t, int> read(char* to, std::size_t length) = 0;
  // Back to the first octet. False: these octets can be read only once. A message of at most link::kLargeBody octets
  // need not be read again; a larger one that cannot be has one try at one door.
  virtual bool rewind() = 0;
};

// A message in memory; the octets must outlive it.
class TextSource final : public Source {
 public:
  explicit TextSource(Octets text) : text_(text) {}
  Result<std::size_t, int> read(char* to, std::size_t length) override;
  bool rewind() override;

 private:
  Octets text_;
  std::size_t at_ = 0;
};

// A text (header fields that were added or rewritten), then what a descriptor gives from its present position to its
// end. The descriptor is not owned. It can be read again if it is a file.
class HeadAndRest final : public Source {
 public:
  HeadAndRest(std::string head, int rest);
  Result<std::size_t, int> read(char* to, std::size_t length) override;
  bool rewind() override;

 private:
  std::string head_;
  int rest_;
  std::size_t at_ = 0;
  long long start_ = -1;  // of the descriptor; -1: cannot seek
};

struct Queued {
  enum class Door { kIntake, kProgram };
  Door door = Door::kIntake;
  queue::MessageId id;  // by kIntake; kProgram does not say
};

struct Refusal {
  bool permanent = false;
  std::string text;  // one line for the user or a log, without a final line feed
  int code = 0;      // exit code of the queue program, if it was that which refused; else 0
};

Result<Queued, Refusal> submit(const Doors& doors, const mail::Envelope& envelope, Source& body);

// Only door 1. `nothing_stored`: the message is surely not in any queue, so another door may be tried.
struct IntakeRefusal {
  Refusal refusal;
  bool nothing_stored = false;
};
// `whom`: the real submitter, where that is not the calling process. Believed only if the process runs as root, as
// qmailq or as the uid of the intake itself.
struct Whom {
  std::uint32_t uid = 0, pid = 0;
};
Result<queue::MessageId, IntakeRefusal> submit_to_intake(const Doors& doors, const mail::Envelope& envelope,
                                                         Source& body, std::optional<Whom> whom = std::nullopt);

// What an exit code of qmail-queue (or of a program in its place) means: qmail-queue(8). Not for 0.
Refusal meaning_of_exit(int code);

}  // namespace sluice::submission
