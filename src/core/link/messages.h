// What daemons say to each other. Each struct is one frame type: `encode` appends its payload, `decode` reads one from
// hostile input (nullopt: malformed; the caller ends the link). Views in a decoded message point into the payload and
// live as long as the buffer behind it; a message that is to be kept is copied by its receiver.
//
//   submitter  →  qmail-intake   Submit | SubmitOpen SubmitData* SubmitEnd | SubmitAbort; SubmitFor before them
//   qmail-intake → submitter     Submitted | SubmitRefused
//   qmail-send →  qmail-intake   Relocate (and Submit, for failure reports)
//   qmail-intake → qmail-send    Relocated
//   qmail-send →  todo-proc      Resume, Reload
//   todo-proc  →  qmail-intake   Resume, Adopt
//   qmail-intake → todo-proc     Announce, Adopted
//   todo-proc  →  qmail-send     Admit | Unreadable
//   qmail-send →  a spawner      Deliver, Reload;   back: Delivered; of what is watched, before it: Transcript
//   qmail-send →  qmail-rspawn   WatchEnd;          back: Transcript, WatchEnd
//   qmail-send →  qmail-clean    Remove;            back: Removed
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "core/link/frame.h"
#include "core/mail/client_timeouts.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"
#include "core/queue/admitted.h"
#include "core/queue/message.h"

namespace sluice::link {

enum class Role : std::uint8_t {
  kCommand = 0,
  kSupervisor,
  kSmtpServer,
  kScheduler,
  kTodo,
  kIntake,
  kClean,
  kLocalDelivery,
  kRemoteDelivery,
  kLogger,  // has no link; named in NeighbourLost and NewNeighbour only
};
// The daemon's historical name, e.g. "qmail-rspawn".
std::string_view name_of(Role role);

struct Hello {
  static constexpr FrameType kType = FrameType::kHello;
  std::uint16_t version = kProtocolVersion;
  Role role = Role::kCommand;
  std::uint32_t pid = 0;
  std::uint32_t limit = 0;  // from a spawner: deliveries it can hold at once; from others 0
  void encode(std::string& out) const;
  static std::optional<Hello> decode(Octets payload);
};

// A whole message of at most kLargeBody octets. The envelope is encoded by core/queue/envelope_codec.h. qmail-intake
// writes envelope and body to the journal exactly as they stand in this frame.
struct Submit {
  static constexpr FrameType kType = FrameType::kSubmit;
  std::uint64_t token = 0;  // chosen by the submitter, comes back with the answer
  Octets envelope;
  Octets body;
  void encode(std::string& out) const;
  static std::optional<Submit> decode(Octets payload);
};

// A message whose body is longer, or not yet known: data frames follow, then SubmitEnd (answered) or SubmitAbort
// (not answered). Tokens of open submissions are unique on their link.
struct SubmitOpen {
  static constexpr FrameType kType = FrameType::kSubmitOpen;
  std::uint64_t token = 0;
  Octets envelope;
  void encode(std::string& out) const;
  static std::optional<SubmitOpen> decode(Octets payload);
};
struct SubmitData {
  static constexpr FrameType kType = FrameType::kSubmitData;
  std::uint64_t token = 0;
  Octets octets;
  void encode(std::string& out) const;
  static std::optional<SubmitData> decode(Octets payload);
};
struct SubmitEnd {
  static constexpr FrameType kType = FrameType::kSubmitEnd;
  std::uint64_t token = 0;
  void encode(std::string& out) const;
  static std::optional<SubmitEnd> decode(Octets payload);
};
struct SubmitAbort {
  static constexpr FrameType kType = FrameType::kSubmitAbort;
  std::uint64_t token = 0;
  void encode(std::string& out) const;
  static std::optional<SubmitAbort> decode(Octets payload);
};

// What is begun on this link from now on is submitted for somebody else: for programs that run with more rights than
// their caller (qmail-queue), and for the qmail-send of another queue that hands a message over. Taken only from root,
// from the uid under which qmail-intake runs itself, and from that of qmail-send; from anyone else it ends the link.
struct SubmitFor {
  static constexpr FrameType kType = FrameType::kSubmitFor;
  std::uint32_t uid = 0;
  std::uint32_t pid = 0;
  std::optional<WallTime> arrival{};  // when it was accepted before, by another queue; then it is durable there too
  void encode(std::string& out) const;
  static std::optional<SubmitFor> decode(Octets payload);
};

// The message is durable: its submitter may say "accepted".
struct Submitted {
  static constexpr FrameType kType = FrameType::kSubmitted;
  std::uint64_t token = 0;
  queue::MessageId id;
  void encode(std::string& out) const;
  static std::optional<Submitted> decode(Octets payload);
};
struct SubmitRefused {
  static constexpr FrameType kType = FrameType::kSubmitRefused;
  std::uint64_t token = 0;
  bool permanent = false;  // e.g. a malformed envelope; false: disk trouble, try again later
  Octets text;
  void encode(std::string& out) const;
  static std::optional<SubmitRefused> decode(Octets payload);
};

// Write this body once more at the end of the journal, so that its old segment can go. With extra_header, whole lines:
// a body in a file of its own, once more in another file with these on top.
struct Relocate {
  static constexpr FrameType kType = FrameType::kRelocate;
  queue::MessageId id;
  queue::BodyRef body;
  Octets extra_header;
  void encode(std::string& out) const;
  static std::optional<Relocate> decode(Octets payload);
};
struct Relocated {
  static constexpr FrameType kType = FrameType::kRelocated;
  queue::MessageId id;
  bool moved = false;   // false: could not; the old place stays
  queue::BodyRef body;  // the new place, durable
  void encode(std::string& out) const;
  static std::optional<Relocated> decode(Octets payload);
};

// Announce every message whose record begins at `from` or later, then every new one.
struct Resume {
  static constexpr FrameType kType = FrameType::kResume;
  queue::Lsn from;
  void encode(std::string& out) const;
  static std::optional<Resume> decode(Octets payload);
};

// Take over a message from the todo directory: its envelope, as todo-proc read it there, and the file that holds its
// body. qmail-intake makes body and envelope durable, removes the todo file, and then announces the message as any
// other.
struct Adopt {
  static constexpr FrameType kType = FrameType::kAdopt;
  static constexpr std::uint32_t kNotSplit = 0xFFFFFFFF;
  std::uint64_t inode = 0;         // the number of the message in the todo directory
  std::uint32_t part = kNotSplit;  // the subdirectory of todo in which it stands
  WallTime arrival{};              // when the todo file was last written
  std::uint32_t uid = 0, pid = 0;  // of whoever queued it, as the todo file says
  Octets extra_header;             // to be put on top of the body: whole lines, or nothing
  Octets envelope;
  void encode(std::string& out) const;
  static std::optional<Adopt> decode(Octets payload);
};
struct Adopted {
  static constexpr FrameType kType = FrameType::kAdopted;
  enum class Verdict : std::uint8_t {
    kTaken,    // in the queue, and gone from the todo directory
    kNotNow,   // disk trouble: ask again later
    kRefused,  // there is no such message, or it is not one that may be taken; asking again is of no use
  };
  std::uint64_t inode = 0;
  std::uint32_t part = Adopt::kNotSplit;
  Verdict verdict = Verdict::kTaken;
  Octets text;  // why not
  void encode(std::string& out) const;
  static std::optional<Adopted> decode(Octets payload);
};

// A durable message, in the order of the journal.
struct Announce {
  static constexpr FrameType kType = FrameType::kAnnounce;
  queue::MessageId id;
  queue::Lsn next;  // end of its record: Resume{next} announces what follows it
  WallTime arrival{};
  std::uint32_t uid = 0;  // of the submitter, as the kernel says
  std::uint32_t pid = 0;
  queue::BodyRef body;
  Octets envelope;
  void encode(std::string& out) const;
  static std::optional<Announce> decode(Octets payload);
};

using queue::Channel;
using queue::name_of;  // of a Channel

// An announced message with its recipients routed, for the scheduler. Its fields are those of queue::Admitted, which
// is also the first record about the message in the state log: id, next, arrival, uid, pid, body, envelope, routed.
struct Admit : queue::Admitted {
  static constexpr FrameType kType = FrameType::kAdmit;
  void encode(std::string& out) const;
  static std::optional<Admit> decode(Octets payload);
};

// An announced record that todo-proc cannot read as a message: the scheduler counts it as seen and says so loudly; the
// record itself stays in quarantine.
struct Unreadable {
  static constexpr FrameType kType = FrameType::kUnreadable;
  queue::MessageId id;
  queue::Lsn next;
  Octets text;
  void encode(std::string& out) const;
  static std::optional<Unreadable> decode(Octets payload);
};

struct Reload {
  static constexpr FrameType kType = FrameType::kReload;
  void encode(std::string& out) const;
  static std::optional<Reload> decode(Octets payload);
};

// One attempt: some recipients of one message that share a lane.
struct Deliver {
  static constexpr FrameType kType = FrameType::kDeliver;
  std::uint64_t attempt = 0;  // chosen by the scheduler, comes back with Delivered
  queue::MessageId id;
  queue::BodyRef body;
  Channel channel = Channel::kRemote;
  // The lane's destination. remote: a domain, or "[host]:port" of a route; lmtp: "[host]:port", the path of a socket,
  // or nothing where there is no route any more; local: owner@domain.
  std::string destination;
  // Somebody watches (sendmail -v -q): a number of qmail-send's that the lines of the transcript come back with. 0:
  // nobody, and no line is made.
  std::uint64_t watcher = 0;
  bool first_attempt = false;     // of these recipients
  mail::ClientTimeouts timeouts;  // where the queue run that began it says other than the settings
  mail::Envelope envelope;        // with just the recipients of this attempt
  void encode(std::string& out) const;
  static std::optional<Deliver> decode(Octets payload);
};

struct Delivered {
  static constexpr FrameType kType = FrameType::kDelivered;
  std::uint64_t attempt = 0;
  std::vector<mail::Outcome> outcomes;  // one a recipient, in the order of Deliver; or exactly one for all of them
  void encode(std::string& out) const;
  static std::optional<Delivered> decode(Octets payload);
};

// A line for whoever watches: what the spawner does, what the server says and is told, what becomes of each recipient.
// In its order, and all lines of an attempt before its Delivered. Printable ASCII without an end of line, whatever a
// server said (core/mail/transcript.h).
struct Transcript {
  static constexpr FrameType kType = FrameType::kTranscript;
  static constexpr std::size_t kLongest = 2048;
  std::uint64_t watcher = 0;  // as in Deliver
  std::string line;
  void encode(std::string& out) const;
  static std::optional<Transcript> decode(Octets payload);  // malformed also: octets that are not printable
};

// To qmail-rspawn: nothing more is delivered for this watcher. It closes the idle sessions whose last message he
// watched, tells him (Transcript), then sends this back.
struct WatchEnd {
  static constexpr FrameType kType = FrameType::kWatchEnd;
  std::uint64_t watcher = 0;
  void encode(std::string& out) const;
  static std::optional<WatchEnd> decode(Octets payload);
};

// An outcome as it stands in Delivered and in core/link/worker.h. Decoding fails `from` if it is malformed.
void encode_outcome(Encoder& to, const mail::Outcome& outcome);
mail::Outcome decode_outcome(Decoder& from);

// Remove a segment all of whose messages are done, or the file of a body that is done.
struct Remove {
  static constexpr FrameType kType = FrameType::kRemove;
  queue::BodyRef::Storage storage = queue::BodyRef::Storage::kJournal;
  std::uint64_t segment = 0;  // first LSN, or inode number
  void encode(std::string& out) const;
  static std::optional<Remove> decode(Octets payload);
};
struct Removed {
  static constexpr FrameType kType = FrameType::kRemoved;
  queue::BodyRef::Storage storage = queue::BodyRef::Storage::kJournal;
  std::uint64_t segment = 0;
  bool gone = false;  // false: could not be removed now; ask again later
  void encode(std::string& out) const;
  static std::optional<Removed> decode(Octets payload);
};

// Control sockets: a JSON request, then any number of JSON answers (one object each), then the end. JSON because these
// are read by commands of other versions and by operators' own programs; they are not on the way of a message.
struct Query {
  static constexpr FrameType kType = FrameType::kQuery;
  Octets json;
  void encode(std::string& out) const;
  static std::optional<Query> decode(Octets payload);
};
struct Answer {
  static constexpr FrameType kType = FrameType::kAnswer;
  Octets json;
  void encode(std::string& out) const;
  static std::optional<Answer> decode(Octets payload);
};
struct AnswerEnd {
  static constexpr FrameType kType = FrameType::kAnswerEnd;
  Octets error;  // empty: complete
  void encode(std::string& out) const;
  static std::optional<AnswerEnd> decode(Octets payload);
};

// Bodies above this stay out of the journal (design: mess/ files).
inline constexpr std::size_t kLargeBody = 256u << 10;

template <class Message>
void append_message(std::string& out, const Message& message) {
  append_frame(out, Message::kType, [&](std::string& payload) { message.encode(payload); });
}

}  // namespace sluice::link
