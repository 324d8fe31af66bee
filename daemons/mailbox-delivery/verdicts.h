// The outcomes that a delivery makes itself.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <string>

#include "core/mail/outcome.h"

namespace sluice::mailbox_delivery {

inline mail::Outcome outcome_of(mail::Verdict verdict, mail::EnhancedCode code, const std::string& text) {
  return {verdict, mail::Trouble::kNone, 0, code,
          fmt::format("{} (#{}.{}.{})", text.substr(0, mail::kMaximumText - 16), code.status_class, code.subject,
                      code.detail)};
}
inline mail::Outcome deferred(const std::string& text, mail::EnhancedCode code = {4, 3, 0}) {
  return outcome_of(mail::Verdict::kDeferred, code, text);
}
inline mail::Outcome failed(const std::string& text, mail::EnhancedCode code) {
  return outcome_of(mail::Verdict::kFailed, code, text);
}

}  // namespace sluice::mailbox_delivery
