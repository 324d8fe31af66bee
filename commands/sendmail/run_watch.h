// RunWatch: asks the queues' qmail-send for a queue run and waits until it has ended in each of them. Also the end of
// waiting when somebody interrupts, and what temporary daemons say meanwhile.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/select/queue_run.h"
#include "system/ipc/control.h"
#include "system/observe/queues.h"
#include "temporary_daemons.h"

namespace sluice::sendmail {

// SIGINT, SIGTERM and SIGHUP as a descriptor, from here to the end of the process.
class Interruption {
 public:
  Interruption();
  int descriptor() const { return signals_.get(); }
  int signal() const { return signal_; }  // 0: none has come
  // Waits so long, or until one comes, or until the daemons have something to say, which is taken.
  void wait(Duration time, TemporaryDaemons* daemons);
  void look();

 private:
  os::Fd signals_;
  int signal_ = 0;
};

struct RunPart {
  observe::Queue queue;
  select::QueueRun run;
};

struct RunEnd {
  bool complete = false;       // in every queue
  int status = 0;              // sysexits code of a message that failed for good
  std::string trouble;         // why it is not complete: a queue's daemon went away
  std::string refusal;         // a queue's daemon will not do it
  bool unheard = false;        // the transcript cannot be written: the watching was given up, and with it the run
  std::vector<unsigned> done;  // numbers of the queues in which it is complete
};

// All parts at once; or one after the other, which numbers the messages of a group's queues together (those of a group
// follow each other in `parts`). The transcript goes to standard output as it comes.
RunEnd watch_runs(const std::vector<RunPart>& parts, bool one_by_one, Interruption& interruption,
                  TemporaryDaemons* daemons);

}  // namespace sluice::sendmail
