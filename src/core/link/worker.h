// What qmail-lspawn and its workers (qmail-local --worker, one for each user who gets mail) say to each other, in the
// frames of frame.h over the worker's descriptor 0. qmail-lspawn speaks first:
//
//   qmail-lspawn → worker   WorkerSetup, once; then Letter
//   worker → qmail-lspawn   LetterSlow, LetterDone
//
// A worker runs with the rights of a user, who may be hostile: qmail-lspawn believes nothing but what came of letters
// that it sent to that worker. Views in a decoded message point into the payload. Encodings: docs/formats.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/codec.h"
#include "base/time.h"
#include "core/link/frame.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"

namespace sluice::link {

// In a worker: the link, and the socket (SOCK_SEQPACKET) over which bodies come that are not in their Letter. A message
// on it is the token of the Letter (u64) and one descriptor, open for reading at its beginning; it is sent before the
// Letter is.
inline constexpr int kToSpawner = 0;
inline constexpr int kLetterBodies = 3;

struct WorkerSetup {
  static constexpr FrameType kType = FrameType::kWorkerSetup;
  std::uint16_t version = kProtocolVersion;
  std::string host;                   // of this machine, for names in Maildirs
  std::string aliases;                // path of the alias database without ".cdb"; for letters to an alias
  Duration program_limit{};           // for one program of a user
  std::uint32_t slow_deliveries = 5;  // at once
  std::uint32_t hop_limit = 100;      // Received and Delivered-To fields with which a message is in a loop
  void encode(std::string& out) const;
  static std::optional<WorkerSetup> decode(Octets payload);
};

// Whose instructions say what is done with a letter.
enum class Addressee : std::uint8_t {
  kUser = 0,   // .qmail files in the home directory, .forward or the default delivery
  kAlias = 1,  // the entry of the alias database
};

// A message to one recipient. Dash, ext and the rest are those of qmail-local(8).
struct Letter {
  static constexpr FrameType kType = FrameType::kLetter;
  std::uint64_t token = 0;  // chosen by qmail-lspawn, comes back with the answer
  Addressee addressee = Addressee::kUser;
  mail::LineForm line_form = mail::LineForm::kCrlf;
  bool eight_bit = false, smtputf8 = false;
  mail::Return ret = mail::Return::kUnspecified;
  std::uint8_t notify = 0;
  bool body_follows = false;  // on kLetterBodies; else it is `body`
  std::uint64_t body_length = 0;
  Octets user, home, local, dash, ext, domain, sender, default_delivery;
  Octets original_recipient, envelope_id;
  Octets extra_header;  // fields put on top of what goes into mailboxes, in LF form
  Octets body;
  void encode(std::string& out) const;
  static std::optional<Letter> decode(Octets payload);
};

// This letter takes as long as a user's program needs: it has the time of a program from now on, not that of a Maildir.
struct LetterSlow {
  static constexpr FrameType kType = FrameType::kLetterSlow;
  std::uint64_t token = 0;
  void encode(std::string& out) const;
  static std::optional<LetterSlow> decode(Octets payload);
};

// What came of a letter. An entry of the alias database may name users of this host who are no aliases themselves:
// their mailboxes are only within reach of qmail-lspawn, which delivers to each of `onward` (names without a domain)
// and takes the worst of all outcomes. It does so for Addressee::kAlias only.
struct LetterDone {
  static constexpr FrameType kType = FrameType::kLetterDone;
  static constexpr std::size_t kMostOnward = 1000;
  std::uint64_t token = 0;
  mail::Outcome outcome;
  std::vector<std::string> onward;
  std::string onward_sender;
  void encode(std::string& out) const;
  static std::optional<LetterDone> decode(Octets payload);
};

}  // namespace sluice::link
