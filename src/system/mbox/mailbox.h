// Delivery into an mbox file. Run by a process that already has the recipient's uid: nothing here changes identity, and
// what the recipient may do is decided by the kernel. It blocks on the disk, and for locks as long as the caller says.
//
// Whole or not at all. A message is appended and synced under the locks that Debian's mail readers honour; whatever
// fails, the file is cut back to its old size. Before the first octet is written an *intent* (the old size and what is
// about to be written) is made durable; a process that is killed, or a machine that loses its power, leaves the intent,
// and whoever next delivers or calls recover() cuts the part off. See docs/formats.md, "Mbox intent", for what it holds
// and for the proofs that it asks before it cuts: mail that anybody else wrote is never touched.
//
// Locks: fcntl first, then a dot-lock (PATH.lock), as Debian's policy asks of programs that touch mboxes: mutt, mail,
// Dovecot and procmail take one of these or both. flock is not taken: on NFS it is the same lock as fcntl's and would
// exclude ourselves. Where the directory does not let the recipient make files (/var/mail), fcntl alone must do. A
// dot-lock is broken if it names a process that is dead or this one, if it names none and is older than five minutes,
// or in any case after an hour. A process delivers one message at a time.
//
// What is written to must be a regular file with one name (or a new one); "/dev/null" takes everything. A symbolic link
// is followed only if the recipient owns the link or the file it leads to is the recipient's, so that no other user of
// a shared directory can choose the file; devices, FIFOs, sockets and directories are refused without waiting for
// anyone. The caller ignores SIGXFSZ.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"
#include "system/mailbox/trouble.h"

namespace sluice::mbox {

using mailbox::Reason;
using mailbox::Source;
using mailbox::Trouble;

struct Letter {
  std::string sender;                                // of the envelope, for the From_ line
  WallTime when;                                     // for the From_ line
  std::string header;                                // put on top, in LF form (mail::delivery_header)
  std::string delivered_to;                          // the recipient, looked for as a loop; empty: do not look
  mail::LineForm line_form = mail::LineForm::kCrlf;  // of the body; the mailbox holds LF
};

class Disk;         // disk.h: the calls that change something
Disk& real_disk();  // those of the system

// How long to wait for locks: `tries` times, with `pause` between them.
struct Patience {
  int tries = 30;
  std::chrono::milliseconds pause{1000};
};

// Appends the letter. When it has returned without an error, the message survives a power failure. A new file has mode
// 0600.
Result<void, Trouble> deliver(const std::string& path, const Letter& letter, const Source& source,
                              const Patience& patience = {}, Disk& disk = real_disk());

enum class Recovered : std::uint8_t {
  kNothing,  // there was no intent, or nothing had been written
  kCut,      // a part of a message was cut off
  kForeign,  // something is there that we did not write: nothing was touched, the intent is gone
};

// Cuts off what a killed delivery left. deliver() does it too; this is for whoever sees a process of its own die.
Result<Recovered, Trouble> recover(const std::string& path, const Patience& patience = {}, Disk& disk = real_disk());

}  // namespace sluice::mbox
