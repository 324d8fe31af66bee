// The command line of sendmail, as other programs have called it for decades. parse() knows every option of sendmail's;
// those that name what Sluice does elsewhere, or will not do, are answered with one sentence that says where. Pure but
// for getopt's own variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/mail/envelope.h"
#include "queue_request.h"

namespace sluice::sendmail {

enum class Mode : std::uint8_t {
  kDeliver,         // -bm: a message on standard input
  kSmtp,            // -bs: SMTP on standard input and output
  kVerify,          // -bv: where each address would go
  kListQueue,       // -bp, mailq; also with any -q
  kCountQueue,      // -bP: how many messages each queue directory holds
  kRebuildAliases,  // -bi, -I, newaliases
  kRunQueue,        // -q: a run, once (QueueRequest::is_once)
  kDaemon,          // -bd, -bD, smtpd, -qTIME, -qp: Options::listens says whether it takes mail by SMTP
  kHold,            // -Q: holds the messages that the -q options select, or with -qQ changes the reason or releases
};

// What becomes of an error, besides the exit status.
enum class Errors : std::uint8_t {
  kPrint,         // p, and w: on standard error
  kQuiet,         // q
  kMail,          // m: mailed to whoever calls
  kMailAndCheer,  // e: the same, and the exit status is 0
};

struct Given {  // -O name=value of a setting
  std::string name, value;
  friend bool operator==(const Given&, const Given&) = default;
};

struct Options {
  Mode mode = Mode::kDeliver;
  Errors errors = Errors::kPrint;
  bool recipients_from_header = false;            // -t
  std::optional<std::string> sender;              // -f, -r: as given
  bool sender_from_header = false;                // --read-envelope-from
  std::optional<std::string> full_name;           // -F
  bool ignore_dots = false;                       // -i
  bool gateway = false;                           // -G: the message is somebody else's and complete
  bool verbose = false;                           // -v
  bool json = false;                              // --json: a listing for programs
  QueueRequest queue{};                           // -q
  bool listens = false;                           // -bd, -bD
  bool attached = false;                          // -bD, -d99.100: a daemon stays in the foreground
  bool restart_runners = true;                    // not with -dno_persistent_restart
  std::optional<std::string> hold_reason;         // -Q; empty: release
  bool eight_bit = false;                         // -B8BITMIME
  std::uint8_t notify = 0;                        // -N
  mail::Return ret = mail::Return::kUnspecified;  // -R
  std::string envelope_id;                        // -V: xtext
  unsigned hops = 0;                              // -h
  bool return_now = false;                        // -OTimeout.queuereturn=now: a run returns what it selects untried
  std::vector<Given> settings;                    // -O, -o
  std::vector<std::string> addresses;             // operands
};

// The name by which the program was called chooses the mode that it starts with: mailq, newaliases, smtpd.
Result<Options, Misuse> parse(int argc, char* const* argv);

}  // namespace sluice::sendmail
