#include "published_counts.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include "system/os/failure.h"

namespace sluice::scheduler {

namespace {

constexpr mode_t kEverybodyReads = 0644;

std::int32_t count_of(std::uint32_t value) {
  return static_cast<std::int32_t>(std::min<std::uint32_t>(value, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

PublishedCounts::PublishedCounts(std::string name) : name_(std::move(name)) {
  if (const auto trouble = make(); !trouble.empty())
    os::say("warn", "qmail-send", trouble + "; clients do not see the load of this queue");
}

std::string PublishedCounts::make() {
  auto shared = ipc::SharedCounts::make(name_, link::QueueCounts::kOctets, {::geteuid(), ::getegid(), kEverybodyReads});
  if (!shared) return shared.error();
  shared_ = std::move(*shared);
  return {};
}

bool PublishedCounts::try_again() {
  if (!shared_ && make().empty()) os::say("info", "qmail-send", "shared memory " + name_ + " is there");
  return shared_.has_value();
}

void PublishedCounts::put(const Use& local, const Use& remote) {
  if (!shared_) return;
  const link::QueueCounts counts{count_of(local.in_flight), count_of(remote.in_flight), count_of(local.limit),
                                 count_of(remote.limit), 0};
  if (counts == last_) return;
  const auto octets = counts.encode();
  const Octets without_flag(octets.data(), link::QueueCounts::kFlagAt);
  last_ = counts;
  if (shared_->write(0, without_flag)) return;
  shared_.reset();  // somebody took it away
  if (make().empty()) shared_->write(0, without_flag);
}

void PublishedCounts::remove() {
  if (shared_) ipc::remove_shared_counts(name_);
  shared_.reset();
}

}  // namespace sluice::scheduler
