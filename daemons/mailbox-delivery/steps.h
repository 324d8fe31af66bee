// The single steps of a delivery: each puts the letter into one place and says what went wrong, if anything did.
#pragma once

#include <optional>
#include <string>

#include "carry_out.h"
#include "counts.h"
#include "system/os/environment.h"

namespace sluice::mailbox_delivery {

class Steps {
 public:
  // `new_sender`: NEWSENDER; `default_part`: DEFAULT.
  Steps(const Work& work, std::string new_sender, std::optional<std::string> default_part);

  // What comes next.
  struct Done {
    bool stop = false;                     // a program said that the instructions behind it do not count
    std::optional<mail::Outcome> trouble;  // the delivery ends here
  };
  Done take(const local::Instruction& instruction);

  const Counts& counts() const { return counts_; }
  void count_forwards(std::size_t addresses) { counts_.forwards += addresses; }
  const std::string& said() const { return said_; }  // by programs that were content

 private:
  std::optional<mail::Outcome> put_into(const local::Maildir& maildir);
  std::optional<mail::Outcome> put_into(const local::Mbox& mbox);
  Done run(const local::Program& program);
  os::Environment environment() const;

  const Work& work_;
  std::string new_sender_;
  std::optional<std::string> default_part_;
  std::string header_;
  Counts counts_;
  std::string said_;
};

// The environment that programs get besides what describes the letter: nothing of the caller's but the path and what
// leads to this instance.
os::Environment base_environment();

}  // namespace sluice::mailbox_delivery
