// Instruction files of users are hostile: .qmail and .forward, and the files that they include. What is accepted stays
// within the bounds and holds nothing that a path, an address or a command cannot.
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/invariant.h"
#include "core/local/dot_forward.h"
#include "core/local/dot_qmail.h"

using namespace sluice;

namespace {

void check(const std::vector<local::Instruction>& instructions, bool deliveries_allowed) {
  invariant(instructions.size() <= local::kMaximumInstructions, "more instructions than allowed");
  for (const local::Instruction& instruction : instructions) {
    invariant(instruction.line > 0, "an instruction without a line");
    std::visit(
        [&](const auto& value) {
          const auto& [text] = value;
          using T = std::decay_t<decltype(value)>;
          const bool delivery = !std::is_same_v<T, local::Forward> && !std::is_same_v<T, local::Self>;
          invariant(deliveries_allowed || !delivery, "a delivery where only addresses may be");
          invariant(text.find('\0') == std::string::npos && text.find('\n') == std::string::npos, "a bad octet");
        },
        instruction.action);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  for (const bool forwards_only : {false, true})
    if (const auto file = local::parse_dot_qmail(text, forwards_only)) check(file->instructions, !forwards_only);
  if (const auto list = local::parse_dot_forward(text)) check(*list, true);
  if (const auto list = local::parse_include(text, false)) check(*list, false);
  return 0;
}
