// ETRN arguments: whatever comes is a name that is safe in logs, replies and selectors, or an error.
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/smtp/etrn.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const Octets argument(reinterpret_cast<const char*>(data), size);
  const auto command = smtp::parse_etrn(argument);
  if (!command) {
    const Octets reply = smtp::etrn_refusal(command.error());
    invariant(reply.starts_with("5") && reply.ends_with("\r\n"), "an error has a reply");
    return 0;
  }
  invariant(!command->name.empty() && command->name.size() <= size, "a name is not longer than what was said");
  for (const char c : command->name) invariant(c > ' ' && c < 0x7f && c != '@' && c != '#', "a name is printable");
  const auto again = smtp::parse_etrn(smtp::to_text(*command));
  invariant(again && *again == *command, "what is written is read");
  return 0;
}
