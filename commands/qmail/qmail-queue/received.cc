#include "received.h"

#include <algorithm>

#include "base/bytes.h"
#include "core/mail/date.h"
#include "core/settings/network.h"

namespace sluice::qmail_queue {

namespace {

bool is_host_name(const std::string& text) {
  constexpr std::size_t kLongestName = 255;  // RFC 1035 2.3.4
  constexpr std::string_view kMarks = "-._";
  return !text.empty() && text.size() <= kLongestName && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || kMarks.find(c) != kMarks.npos;
  });
}

std::string invoker(const Invocation& invocation) {
  if (invocation.uid == invocation.alias_uid) return "by alias";
  if (invocation.uid == invocation.scheduler_uid) return "for bounce";
  const std::string uid = "by uid " + std::to_string(invocation.uid);
  if (invocation.hide_host || !settings::Address::parse(invocation.client)) return uid;
  return "from network " + invocation.client + ", " + uid;
}

}  // namespace

std::string received_field(const Invocation& invocation) {
  std::string field = "Received: sluice queue " + std::to_string(invocation.pid);
  if (!invocation.hide_host && is_host_name(invocation.host)) field += " by host " + invocation.host;
  field += "\n (invoked " + invoker(invocation) + "); ";
  mail::append_date(field, invocation.now);
  return field += '\n';
}

}  // namespace sluice::qmail_queue
