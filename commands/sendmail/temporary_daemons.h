// TemporaryDaemons: the queues' daemons for one queue run, where nobody runs them: a supervisor without a listener for
// SMTP, under which what was deferred waits for queue runs. It ends with this object, or with this process.
//
// What the daemons say goes to syslog, facility mail, as the log of every other queue run does.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "system/os/fd.h"
#include "work.h"

namespace sluice::sendmail {

class TemporaryDaemons {
 public:
  //   errors  a sentence
  static Result<TemporaryDaemons, std::string> start(const Work& work);
  TemporaryDaemons(TemporaryDaemons&& other) noexcept;
  TemporaryDaemons& operator=(TemporaryDaemons&&) = delete;
  ~TemporaryDaemons() { stop(); }

  // Readable when they have something to say; take_words() takes it.
  int descriptor() const { return words_.get(); }
  void take_words();
  // Nothing: they run. Else how they ended, with the last that they said; stop() has nothing to do then.
  std::optional<std::string> ended();
  // Asks them to end and waits for it: what is being delivered gets some time.
  void stop();

 private:
  TemporaryDaemons(pid_t pid, os::Fd words) : pid_(pid), words_(std::move(words)) {}
  pid_t pid_ = 0;
  os::Fd words_;
  std::string begun_, last_;  // a line that is not whole; the last one that was
};

}  // namespace sluice::sendmail
