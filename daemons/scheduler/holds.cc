// What operators do to single messages: hold, release, remove, give up.
#include <fmt/format.h>

#include "core/mail/transcript.h"
#include "send.h"

namespace sluice::scheduler {

bool Send::hold(queue::MessageId id, std::string_view reason) {
  const auto message = image().find(id);
  if (!message) return false;
  if (message->held() && message->hold_reason() == reason) return true;
  ledger_.record(queue::Held{id, true, reason.substr(0, mail::kMaximumText)});
  core_.hold(id, loop_.now());
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_notice(out, fmt::format("msg {} is held{}{}", id.raw(), reason.empty() ? "" : ": ",
                                            mail::transcript::harmless(reason)));
  });
  runs_.look_at(id);
  plan_later();
  return true;
}

bool Send::release(queue::MessageId id) {
  const auto message = image().find(id);
  if (!message) return false;
  if (!message->held()) return true;
  ledger_.record(queue::Held{id, false, {}});
  core_.release(id, loop_.now());
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_notice(out, fmt::format("msg {} is released", id.raw()));
  });
  plan_later();
  return true;
}

void Send::give_up(std::span<const queue::MessageId> ids) {
  for (const queue::MessageId& id : ids)
    if (core_.give_up({&id, 1}, loop_.now()) > 0) ledger_.record(queue::GivenUp{id});
  plan_later();
}

// An attempt that is in flight may still deliver; nobody is told what came of it.
bool Send::remove(queue::MessageId id, std::string_view by) {
  const auto message = image().find(id);
  if (!message) return false;
  activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_notice(out, fmt::format("msg {} is removed by {}: {} recipients not done, from <{}>", id.raw(), by,
                                            message->pending(), mail::transcript::harmless(message->sender())));
  });
  core_.remove(id, loop_.now());
  finish(id, std::nullopt);
  runs_.look_at(id);
  plan_later();
  return true;
}

}  // namespace sluice::scheduler
