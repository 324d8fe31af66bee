// A message that a qmail or IndiMail todo-proc has preprocessed, as its four files say it (docs/formats.md,
// "Preprocessed message"). qmail-send reads them when it takes over a queue that was in use, queue-fix --export writes
// them. Numbers and letters here are on disk.
//
//   info/S/N     F sender \0  [e header lines \0]  [h header lines \0]      mtime: when the message came
//   local/S/N    (T or D, recipient \0)*                                    mtime: when to try next
//   remote/S/N   the same
//   bounce/N     (<recipient>: LF text LF LF)*
//
// T: to do. D: done, delivered or failed; what failed has its text in bounce/N. Addresses in local/ and remote/ are
// rewritten ones: those of virtual domains have their prefix. Those in bounce/N have none.
//
// Hostile input: whoever could be qmails may have written it. The decoders never allocate more than a small multiple of
// what they read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace sluice::queue {

inline constexpr std::size_t kMaximumPreprocessedFile = 5u << 20;  // an encoded envelope of it fits into a record
inline constexpr std::size_t kMaximumBounceFile = 16u << 20;       // what lies behind is not told

enum class PreprocessedError {
  kTooLong,    // more than kMaximumPreprocessedFile
  kTruncated,  // the last record has no end
  kRecord,     // a letter that means nothing, or in the wrong place
  kAddress,    // an address with a control character, an empty recipient, one of more than 64 KiB
  kNoSender,   // no F
  kTooMany,    // more recipients than a message may have
};
std::string_view to_string(PreprocessedError error);

struct InfoFile {
  std::string sender;
  std::string extra_header;  // e: whole lines, each with its LF; or empty
  friend bool operator==(const InfoFile&, const InfoFile&) = default;
};

struct MarkedRecipient {
  std::string address;
  bool done = false;
  friend bool operator==(const MarkedRecipient&, const MarkedRecipient&) = default;
};

struct BounceRecord {
  std::string address;  // empty: a text that names nobody
  std::string text;     // its lines end in LF
  friend bool operator==(const BounceRecord&, const BounceRecord&) = default;
};

// Everything about one message.
struct Preprocessed {
  struct Channel {
    std::vector<MarkedRecipient> recipients;
    WallTime due{};
    friend bool operator==(const Channel&, const Channel&) = default;
  };
  InfoFile info;
  WallTime birth{};
  Channel local, remote;
  std::vector<BounceRecord> bounce;
  friend bool operator==(const Preprocessed&, const Preprocessed&) = default;
};

Result<InfoFile, PreprocessedError> decode_info_file(Octets octets);
Result<std::vector<MarkedRecipient>, PreprocessedError> decode_recipient_file(Octets octets);
// Whatever the file holds is told by somebody's record: qmail uses such a file as it is.
std::vector<BounceRecord> decode_bounce_file(Octets octets);

std::string encode_info_file(const InfoFile& info);
std::string encode_recipient_file(const std::vector<MarkedRecipient>& recipients);
std::string encode_bounce_file(const std::vector<BounceRecord>& records);

}  // namespace sluice::queue
