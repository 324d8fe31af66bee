// The output of a program that takes qmail-remote's place. The first octet is its exit code, the second how it ended.
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/mail/address.h"
#include "core/mail/remote_report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::mail;
  if (size < 2) return 0;
  const ProgramEnd end{static_cast<ProgramEnd::How>(data[1] % 3), data[0]};
  const Octets output(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Outcome outcome = read_remote_report(output, end);
  const bool delivered = outcome.verdict == Verdict::kDelivered, failed = outcome.verdict == Verdict::kFailed;
  invariant(outcome.text.size() <= kMaximumText && is_utf8(outcome.text), "texts are bounded and UTF-8");
  for (const char c : outcome.text) invariant(static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7f, "texts are one line");
  invariant(outcome.code.status_class == (delivered ? 2 : failed ? 5 : 4), "the code fits the verdict");
  invariant(!delivered || (data[0] == 0 && end.how == ProgramEnd::How::kExited), "only who ended well has delivered");
  return 0;
}
