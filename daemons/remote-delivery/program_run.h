// ProgramRun: one process, from its start to its end: what it wrote on descriptor 1 and how it ended. Its time is
// limited, its output bounded, and whoever inherited its output does not keep it alive: it has ended when it has.
//
// For the program of QMAILREMOTE. Not for programs of users: it runs with our uid.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/mail/remote_report.h"
#include "system/net/loop.h"
#include "system/os/fd.h"
#include "system/os/process.h"

namespace sluice::remote {

class ProgramRun {
 public:
  // After its time it gets TERM with its whole process group, and KILL if it is still there so much later.
  static constexpr Duration kLastWords = Seconds{10};

  using Done = std::function<void(std::string output, mail::ProgramEnd end)>;

  // Starts `program`, whose descriptors 0 and 2 are stated; 1 and a process group of its own are added here. `done` is
  // called once, never from within this call, and may destroy the run. Destroying it kills the process.
  static Result<std::unique_ptr<ProgramRun>, os::StartFailure> start(net::Loop& loop, os::Program program,
                                                                     Duration limit, Done done);
  ~ProgramRun();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  ProgramRun(net::Loop& loop, Duration limit, Done done);
  void wait_for_output();
  bool read_output();  // false: there will be no more
  void time_is_up();
  void ended();

  Done done_;
  pid_t pid_ = 0;
  Descriptor output_, end_;  // `end_`: a pidfd, readable when the process has ended
  std::string said_;
  bool timed_out_ = false;
  net::Timer timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::remote
