#include "system/mailbox/trouble.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace sluice::mailbox {

namespace {

Reason reason_of(int error) {
  switch (error) {
    case ENOENT:
      return Reason::kMissing;
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENXIO:
      return Reason::kNotAMailbox;
    case EACCES:
    case EPERM:
    case EROFS:
      return Reason::kDenied;
    case ENOSPC:
      return Reason::kNoSpace;
    case EDQUOT:
    case EFBIG:
      return Reason::kQuota;
    default:
      return Reason::kDisk;
  }
}

mail::EnhancedCode code_of(Reason reason) {
  switch (reason) {
    case Reason::kMissing:
    case Reason::kNotAMailbox:
    case Reason::kDenied:
      return {4, 2, 1};  // mailbox disabled
    case Reason::kNoSpace:
      return {4, 3, 1};  // mail system full
    case Reason::kQuota:
      return {4, 2, 2};  // mailbox full
    case Reason::kLocked:
    case Reason::kDisk:
    case Reason::kTorn:
    case Reason::kNames:
    case Reason::kSource:
      return {4, 3, 0};
    case Reason::kLoop:
      return {5, 4, 6};  // routing loop
  }
  return {4, 3, 0};
}

}  // namespace

Trouble trouble(Reason reason, std::string_view text) {
  const mail::EnhancedCode code = code_of(reason);
  return {reason, code, fmt::format("{} (#{}.{}.{})", text, code.status_class, code.subject, code.detail)};
}

Trouble system_trouble(std::string_view step, int error) {
  return trouble(reason_of(error), fmt::format("Unable to {}: {}.", step, std::generic_category().message(error)));
}

Trouble source_trouble(std::string_view why) {
  return trouble(Reason::kSource, fmt::format("Unable to read the message: {}.", why));
}

Trouble loop_trouble() {
  return trouble(Reason::kLoop, "This message is in a loop: it already bears the Delivered-To line of this mailbox.");
}

mail::Outcome to_outcome(const Trouble& trouble) {
  mail::Outcome outcome;
  outcome.verdict = trouble.temporary() ? mail::Verdict::kDeferred : mail::Verdict::kFailed;
  outcome.code = trouble.code;
  outcome.text = trouble.text.substr(0, mail::kMaximumText);
  return outcome;
}

}  // namespace sluice::mailbox
