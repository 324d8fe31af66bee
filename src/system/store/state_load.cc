#include <algorithm>

#include "system/store/layout.h"
#include "system/store/quarantine.h"
#include "system/store/state_log.h"

namespace sluice::store {

using queue::StateFileKind;
using queue::StateScanned;

// Reads the state files of an earlier process.
class FileStateLog::Loader {
 public:
  Loader(const FileStateLog& log, const std::function<void(Octets)>& apply,
         const std::function<void(const std::string&)>& bad)
      : log_(log), disk_(*log.options_.disk), apply_(apply), bad_(bad) {}

  // Feeds one file. False: it has no valid header and nothing in it counts. Sets `size` to its octets.
  //   newest_log  its torn tail was never synced and is cut
  Result<bool, Trouble> feed(const Found& found, bool newest_log, std::uint64_t& size) {
    const std::string path = log_.path(found.name);
    auto file = disk_.open(path, newest_log ? Disk::Open::kReadWrite : Disk::Open::kRead);
    if (!file) return fail(trouble("cannot open " + path, file.error()));
    // What a process wrote and died before syncing is believed from here on, so it has to be durable.
    if (newest_log) {
      if (auto synced = (*file)->sync(); !synced) return fail(trouble("cannot sync " + path, synced.error()));
    }
    const auto facts = (*file)->facts();
    if (!facts) return fail(trouble("cannot read " + path, facts.error()));
    size = facts->size;
    WindowSource source(**file, facts->size);
    if (!header_fits(source, found)) return reject(found, source, newest_log, **file);
    queue::StateScanner scanner(source, found.generation);
    while (true) {
      const StateScanned next = scanner.next();
      switch (next.kind) {
        case StateScanned::Kind::kRecord:
          apply_(next.record);
          break;
        case StateScanned::Kind::kDamaged:
          quarantine(found, source, next.position, next.length);
          break;
        case StateScanned::Kind::kTail:
          if (auto cut = tail(found, source, next, newest_log, **file); !cut) return fail(std::move(cut.error()));
          break;
        case StateScanned::Kind::kUnreadable:
          return fail(trouble("cannot read " + path, next.error));
        case StateScanned::Kind::kEnd:
          return true;
      }
    }
  }

 private:
  static bool header_fits(WindowSource& source, const Found& found) {
    if (source.size() < queue::kStateFileHeader) return false;
    const auto octets = source.view(0, queue::kStateFileHeader);
    return octets && queue::decode_state_header(*octets) == queue::StateFileHeader{found.generation, found.kind};
  }

  // A newest log without a header was created and never synced; anything else is damage.
  Result<bool, Trouble> reject(const Found& found, WindowSource& source, bool newest_log, File& file) {
    if (source.size() == 0) return false;
    if (newest_log && source.size() <= queue::kStateFileHeader && source.error() == 0) {
      static_cast<void>(file.truncate(0));
      return false;
    }
    quarantine(found, source, 0, source.size());
    return false;
  }

  Result<void, Trouble> tail(const Found& found, WindowSource& source, const StateScanned& next, bool newest_log,
                             File& file) {
    if (!newest_log || source.error() != 0)
      return quarantine(found, source, next.position, next.length), Result<void, Trouble>{};
    auto cut = file.truncate(next.position);
    if (cut) cut = file.sync();
    if (!cut) return fail(trouble("cannot cut the torn tail of " + log_.path(found.name), cut.error()));
    return {};
  }

  void quarantine(const Found& found, WindowSource& source, std::uint64_t position, std::uint64_t length) {
    const std::string name = fmt::format("{}-{}.bad", found.name, position);
    const auto copied = set_aside(disk_, log_.directory_, name, source, position, length);
    bad_(fmt::format("{}: {} octets from octet {} are damaged; {}", log_.path(found.name), length, position,
                     copied ? "copied to state/quarantine/" + name : copied.error().what));
  }

  const FileStateLog& log_;
  Disk& disk_;
  const std::function<void(Octets)>& apply_;
  const std::function<void(const std::string&)>& bad_;
};

Result<void, Trouble> FileStateLog::load(const std::function<void(Octets)>& apply,
                                         const std::function<void(const std::string&)>& bad) {
  // Names first: a snapshot that was renamed and not synced is about to be believed.
  if (auto synced = options_.disk->sync_directory(directory_); !synced) {
    return fail(trouble("cannot sync " + directory_, synced.error()));
  }
  static_cast<void>(options_.disk->remove(path(kUnfinishedSnapshot)));
  const auto files = list();
  if (!files) return fail(files.error());
  Loader loader(*this, apply, bad);

  std::uint64_t base = 0;  // generation of the snapshot that counts; 0: there is none
  for (auto file = files->rbegin(); file != files->rend() && base == 0; ++file) {
    if (file->kind != StateFileKind::kSnapshot) continue;
    const auto fed = loader.feed(*file, false, last_snapshot_);
    if (!fed) return fail(fed.error());
    if (*fed) base = file->generation;
  }
  const auto is_log = [](const Found& file) { return file.kind == StateFileKind::kLog; };
  const auto newest = std::find_if(files->rbegin(), files->rend(), is_log);
  for (const Found& file : *files) {
    generation_ = std::max(generation_, file.generation + 1);
    if (!is_log(file) || file.generation < base) continue;
    std::uint64_t size = 0;
    const auto fed = loader.feed(file, &file == &*newest, size);
    if (!fed) return fail(fed.error());
    logged_ += size;
  }
  if (base != 0) remove_older_than(base);
  return {};
}

}  // namespace sluice::store
