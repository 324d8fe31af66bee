#include "system/standstill/stopped_queue.h"

#include <cerrno>

#include "system/standstill/read_only_disk.h"
#include "system/store/journal_files.h"
#include "system/store/layout.h"

namespace sluice::standstill {

Result<void, store::Trouble> StoppedQueue::load(const std::string& queue, const store::Options& options,
                                                const Fresh& fresh, const Report& bad) {
  ReadOnlyDisk disk(*options.disk);
  store::Options reading = options;
  reading.disk = &disk;
  const auto is_there = [&](const std::string& directory) { return disk.list(directory).has_value(); };
  if (is_there(store::state_directory(queue))) {
    auto log = store::open_state_log(queue, reading);
    if (!log) return fail(std::move(log.error()));
    bool unknown = false;
    auto loaded = (*log)->load([&](Octets record) { unknown |= !image.apply(record); }, bad);
    if (!loaded) return loaded;
    if (unknown) bad("the state log holds records that this version does not know; they are skipped");
  }
  if (!is_there(store::journal_directory(queue))) return {};
  const auto recovered = store::recover_journal(disk, queue);
  if (!recovered) return fail(recovered.error());
  const auto visit = [&](const store::Replayed& message) {
    if (!image.find(message.id)) fresh(message);
    return true;
  };
  const auto replayed = store::replay_journal(disk, queue, image.watermark(), recovered->end, visit, bad);
  if (!replayed) return fail(replayed.error());
  return {};
}

Result<boost::unordered_flat_set<std::uint64_t>, store::Trouble> files_in_use(const std::string& queue,
                                                                              const store::Options& options,
                                                                              const StoppedQueue::Report& bad) {
  boost::unordered_flat_set<std::uint64_t> files;
  const auto remember = [&](const queue::BodyRef& body) {
    if (body.storage == queue::BodyRef::Storage::kFile) files.insert(body.segment);
  };
  StoppedQueue stopped;
  const auto loaded = stopped.load(
      queue, options, [&](const store::Replayed& message) { remember(message.body); }, bad);
  if (!loaded) return fail(loaded.error());
  queue::MessageId after;
  for (bool more = true; more;) {
    const auto next =
        stopped.image.visit(after, 1000, [&](const queue::Image::MessageView& message) { remember(message.body()); });
    more = next.has_value();
    if (next) after = *next;
  }
  return files;
}

}  // namespace sluice::standstill
