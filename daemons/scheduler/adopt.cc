// The part of Send that takes over another family's messages (adoption.h) and says so.
#include <fmt/format.h>
#include <unistd.h>

#include "send.h"
#include "system/os/failure.h"

namespace sluice::scheduler {

Adoption::Done Send::adopt(Adoption::Settings settings) {
  settings.warn_after = settings_.policy.of(schedule::Terms::kNormal).warning;
  settings.local_skip = settings_.policy.of(queue::Channel::kLocal).retry_skip;
  settings.remote_skip = settings_.policy.of(queue::Channel::kRemote).retry_skip;
  settings.uid = ::geteuid();
  settings.pid = static_cast<std::uint32_t>(::getpid());
  const auto say = [this](const std::string& what) {
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) { lines.scheduler_warning(out, what); });
  };
  StateAccess state{image(), [this](const queue::StateRecord& record) { ledger_.record(record); },
                    [this] { return ledger_.sync(); }};
  auto done = Adoption(std::move(settings), settings_.reports.router, std::move(state), say).run(loop_.wall());
  if (!done) throw os::Fatal(111, "cannot take over the messages in info/: " + done.error().what);
  std::size_t pending = 0;
  for (const queue::MessageId id : done->fresh) {
    const auto message = image().find(id);
    if (!message) continue;
    pending += message->pending();
    activity_.add([&](std::string& out, const mail::ActivityLog& lines) {
      lines.new_message(out, id);
      lines.message_info(out, id, message->body().length, message->sender(), message->pid(), message->uid());
    });
  }
  if (!done->fresh.empty())
    os::say("info", "qmail-send",
            fmt::format("took over {} messages that another qmail-send left, with {} recipients to do",
                        done->fresh.size(), pending));
  const std::size_t kept = done->withheld.size() - done->with_headers.size();
  if (kept > 0)
    os::say("alert", "qmail-send", fmt::format("{} messages wait until their files in info/ can be removed", kept));
  return std::move(*done);
}

// What was withheld at the start.
void Send::schedule_adopted(queue::MessageId id) {
  const auto message = image().find(id);
  if (!message) return;
  if (message->pending() == 0) return complete(id);
  schedule(*message);
  plan_later();
}

}  // namespace sluice::scheduler
