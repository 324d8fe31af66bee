// The envelope as it stands in todo/ and intd/, in the format of the qmail family (docs/formats.md, "Todo file"):
//
//   u UID \0  p PID \0  F sender \0  (T recipient \0)*  [e header lines \0]  [h header lines \0]
//
// It is written by qmail-queue, ours and other families', and read by todo-proc. The same text without u and p and with
// one \0 more at its end is what a caller of qmail-queue writes to its descriptor 1 (SubmittedEnvelope).
//
// e: header fields that a filter wants on top of the message. h: copies of fields of the message, which say nothing new
// and are passed over.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/envelope.h"

namespace sluice::queue {

inline constexpr std::size_t kMaximumTodoFile = 5u << 20;  // its envelope then fits into kMaximumEnvelope, encoded
inline constexpr std::size_t kMaximumTodoAddress = 1002;   // octets; qmail-queue takes no longer ones

struct TodoFile {
  std::uint32_t uid = 0, pid = 0;  // the real uid of whoever submitted, and the process that was qmail-queue
  mail::Envelope envelope;         // line form LF; domains in lower case
  std::string extra_header;        // e: whole lines, each with its LF; or empty
};

enum class TodoError {
  kTooLong,      // more than kMaximumTodoFile
  kTruncated,    // the last record has no end
  kRecord,       // a letter that means nothing, or stands where it must not
  kNumber,       // u or p is not a number of 32 bits
  kAddress,      // a control character; an address that is too long; an empty recipient
  kNoSender,     // no F
  kNoRecipient,  // no T
  kTooMany,      // more recipients than a message may have
};
std::string_view to_string(TodoError error);

// Hostile input: a queue may have been written by anybody who could be qmailq. Never allocates more than a small
// multiple of the input.
Result<TodoFile, TodoError> decode_todo_file(Octets octets);

// `todo.envelope` must have been read by SubmittedEnvelope, or have addresses that it would take.
std::string encode_todo_file(const TodoFile& todo);

// What a caller of qmail-queue writes, in pieces of any size.
class SubmittedEnvelope {
 public:
  enum class State {
    kMore,         // the end has not come yet
    kDone,         // whole: take() gives it; what follows is ignored
    kFormat,       // not an envelope
    kLongAddress,  // an address of more than kMaximumTodoAddress octets
    kRefused,      // an address that no message may have: a control character, or an empty recipient
    kTooLarge,     // more than one message may have
  };
  State read(Octets piece);
  mail::Envelope take() { return std::move(envelope_); }  // as TodoFile::envelope; it may have no recipient

 private:
  State end_of_record();

  State state_ = State::kMore;
  std::string record_;
  bool has_sender_ = false;
  bool refused_ = false;
  std::size_t octets_ = 0;
  mail::Envelope envelope_;
};

}  // namespace sluice::queue
