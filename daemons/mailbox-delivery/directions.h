// What the files in a recipient's home say is to be done with a letter: .qmail and its extensions, else .forward, else
// the default delivery (qmail-local(8)). Files are looked at and read with the recipient's rights; the home is the
// working directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/link/worker.h"
#include "core/local/instruction.h"
#include "core/mail/outcome.h"

namespace sluice::mailbox_delivery {

struct Directions {
  std::vector<local::Instruction> instructions;
  std::optional<std::string> default_part{};  // DEFAULT of qmail-command(8)

  // Nothing but Maildirs, which takes no time and runs nothing of the user's.
  bool only_maildirs() const;
};

// The outcome says why the letter cannot be delivered: no such address, or files that may not be followed now.
// A recipient without a home (an empty one) has only the default delivery.
Result<Directions, mail::Outcome> find_directions(const link::Letter& letter);

// Puts the addresses of the files behind ":include:" in their places.
Result<void, mail::Outcome> read_includes(std::vector<local::Instruction>& instructions);

// Under which sender the letter is forwarded (NEWSENDER): looks for the files of a list's owner.
std::string forwarding_sender(const link::Letter& letter);

// A file of instructions, whole; the errno if it cannot be read, EFBIG if it is too large.
struct InstructionFile {
  std::uint32_t mode = 0, owner = 0;
  std::string text;
};
Result<InstructionFile, int> read_instruction_file(const std::string& path);

}  // namespace sluice::mailbox_delivery
