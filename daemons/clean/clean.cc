#include "clean.h"

#include <unistd.h>

#include "system/os/failure.h"
#include "unfinished.h"

namespace sluice::clean {

Clean::Clean(net::Loop& loop, std::unique_ptr<store::BodyRemover> remover, std::string queue_directory,
             os::Fd scheduler)
    : remover_(std::move(remover)),
      loop_(loop),
      queue_directory_(std::move(queue_directory)),
      sweep_timer_(loop, [this] { sweep(); }),
      scheduler_(loop, std::move(scheduler),
                 {.role = link::Role::kClean, .pid = static_cast<std::uint32_t>(::getpid())},
                 {nullptr, [this](const link::Frame& frame) { return take(frame); },
                  [&loop](const std::string&) { loop.stop(); }}) {
  sweep_timer_.set(loop.now());
}

void Clean::sweep() {
  sweep_timer_.set(loop_.now() + std::chrono::hours{24});
  remove_unfinished(queue_directory_, loop_.wall());
}

bool Clean::take(const link::Frame& frame) {
  if (frame.type != link::FrameType::kRemove) return false;
  const auto remove = link::Remove::decode(frame.payload);
  if (!remove) return false;
  const auto removed = remover_->remove(remove->storage, remove->segment);
  if (!removed) os::say("warn", "qmail-clean", removed.error().what);
  scheduler_.send(link::Removed{remove->storage, remove->segment, removed.has_value()});
  return true;
}

}  // namespace sluice::clean
