#include "system/standstill/standstill.h"

#include <cerrno>

#include "core/queue/layout.h"

namespace sluice::standstill {

Result<Standstill, store::Trouble> Standstill::hold(store::Disk& disk, const std::string& queue) {
  Standstill standstill;
  const auto hold_one = [&](const std::string& path) -> Result<void, store::Trouble> {
    auto held = disk.lock(path);
    if (held) return standstill.held_.push_back(std::move(*held)), Result<void, store::Trouble>{};
    if (held.error() == ENOENT) return {};
    if (held.error() == EWOULDBLOCK)
      return fail(store::Trouble{EWOULDBLOCK, queue + " is in use: " + path + " is held"});
    return fail(store::trouble("cannot lock " + path, held.error()));
  };
  if (auto held = hold_one(queue + '/' + queue::kSendMutex); !held) return fail(std::move(held.error()));
  for (const std::string& directory : {store::journal_directory(queue), store::state_directory(queue)})
    if (auto held = hold_one(directory); !held) return fail(std::move(held.error()));
  return standstill;
}

}  // namespace sluice::standstill
