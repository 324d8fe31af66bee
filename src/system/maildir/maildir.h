// Delivery into a Maildir. Run by a process that already has the recipient's uid: nothing here changes identity, and
// what the recipient may do is decided by the kernel. It blocks on the disk.
//
// A message is written to tmp/ and synced, moved to new/ under its final name, and new/ is synced: a reader sees whole
// messages only, and "delivered" survives a power failure. Whatever goes wrong before that, nothing is left behind in
// new/, and nothing in tmp/ unless the process itself was killed (readers remove such files after 36 hours).
//
// deliver() does all steps for one message. A process that delivers several to the same Maildir keeps it open and takes
// the steps itself, each for all messages before the next: write(), begin_sync(), finish_sync(), publish(), and one
// sync() at the end. On file systems with a journal that costs two commits for all of them instead of two for each.
//
// Files are made with O_EXCL and O_NOFOLLOW relative to open directories, and tmp/ and new/ must not be symbolic links,
// so that nothing outside is touched. The Maildir itself may be one. The caller ignores SIGXFSZ, so that a file size
// limit is an error and not its death.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/envelope.h"
#include "core/mail/outcome.h"
#include "system/mailbox/trouble.h"
#include "system/os/fd.h"

namespace sluice::maildir {

using mailbox::Reason;
using mailbox::Source;
using mailbox::Trouble;

enum class Missing : std::uint8_t {
  kDefer,   // a Maildir that is not there is the administrator's to make: the delivery waits
  kCreate,  // make it (not its parents), and tmp/, new/ and cur/ in it
};

struct Letter {
  std::string header;                                // put on top, in LF form (mail::delivery_header)
  std::string delivered_to;                          // the recipient, looked for as a loop; empty: do not look
  mail::LineForm line_form = mail::LineForm::kCrlf;  // of the body; the mailbox holds LF
};

struct Naming {
  std::string_view host;       // of this host
  std::uint64_t sequence = 0;  // a number that this process uses once
};

class Maildir {
 public:
  static Result<Maildir, Trouble> open(const std::string& path, Missing missing);

  // A message in tmp/. Removes it again unless it is published. Must not outlive its Maildir.
  class Draft {
   public:
    Draft(Draft&& other) noexcept;
    Draft& operator=(Draft&&) = delete;
    ~Draft();

   private:
    friend class Maildir;
    Draft(int directory, os::Fd file, std::string name)
        : directory_(directory), file_(std::move(file)), name_(std::move(name)) {}
    int directory_;
    os::Fd file_;       // until it is synced
    std::string name_;  // in tmp/; empty once it is elsewhere
    std::uint64_t size_ = 0;
  };

  Result<Draft, Trouble> write(const Letter& letter, const Naming& naming, const Source& source);

  // Lets the kernel begin to write it to the disk, without waiting. Worth it only before others are synced.
  static void begin_sync(const Draft& draft);
  // Makes its content durable and closes its file. To be done before publish().
  static Result<void, Trouble> finish_sync(Draft& draft);

  // Moves it to new/ and returns its name there. It is there for good only after sync().
  Result<std::string, Trouble> publish(Draft draft);

  // Makes everything published durable. After an error nothing is known to be: retract() what was published.
  Result<void, Trouble> sync();
  void retract(const std::string& name);

 private:
  Maildir(os::Fd tmp_directory, os::Fd new_directory)
      : tmp_(std::move(tmp_directory)), new_(std::move(new_directory)) {}
  struct NewFile {
    os::Fd file;
    std::string name;
  };
  Result<NewFile, Trouble> create(const Naming& naming);

  os::Fd tmp_, new_;
};

// All of it for one message. Returns the name of the file in new/.
Result<std::string, Trouble> deliver(const std::string& path, Missing missing, const Letter& letter,
                                     const Naming& naming, const Source& source);

}  // namespace sluice::maildir
