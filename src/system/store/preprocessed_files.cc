#include "system/store/preprocessed_files.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

namespace sluice::store {

namespace {

using Report = std::function<void(const std::string&)>;

std::string directory_of(const std::string& queue, const char* kind, const PreprocessedPlace& place) {
  return fmt::format("{}/{}/{}", queue, kind, place.part);
}
std::string path_of(const std::string& queue, const char* kind, const PreprocessedPlace& place) {
  return fmt::format("{}/{}", directory_of(queue, kind, place), place.number);
}
std::string bounce_path(const std::string& queue, const PreprocessedPlace& place) {
  return fmt::format("{}/bounce/{}", queue, place.number);
}

struct Content {
  std::string octets;
  WallTime written{};
};

// nullopt: there is no such file. At most `limit` octets and one more, by which its being longer is seen.
Result<std::optional<Content>, Trouble> read_file(Disk& disk, const std::string& path, std::size_t limit) {
  auto file = disk.open(path, Disk::Open::kRead);
  if (!file && file.error() == ENOENT) return std::optional<Content>{};
  if (!file) return fail(trouble("cannot read " + path, file.error()));
  const auto facts = (*file)->facts();
  if (!facts) return fail(trouble("cannot read " + path, facts.error()));
  if (!facts->regular) return fail(Trouble{0, path + ": it is no file"});
  Content content;
  content.written = facts->modified;
  content.octets.resize(std::min<std::uint64_t>(facts->size, limit + 1));
  const auto count = (*file)->read_at(0, content.octets.data(), content.octets.size());
  if (!count) return fail(trouble("cannot read " + path, count.error()));
  content.octets.resize(*count);
  return std::optional(std::move(content));
}

Trouble malformed(const std::string& path, queue::PreprocessedError error) {
  return {0, fmt::format("{}: {}", path, queue::to_string(error))};
}

Result<void, Trouble> read_recipients(Disk& disk, const std::string& path, WallTime birth,
                                      queue::Preprocessed::Channel& to) {
  to.due = birth;
  auto content = read_file(disk, path, queue::kMaximumPreprocessedFile);
  if (!content) return fail(std::move(content.error()));
  if (!*content) return {};
  auto recipients = queue::decode_recipient_file((*content)->octets);
  if (!recipients) return fail(malformed(path, recipients.error()));
  to.recipients = std::move(*recipients);
  to.due = (*content)->written;
  return {};
}

}  // namespace

Result<std::vector<PreprocessedPlace>, Trouble> list_preprocessed(Disk& disk, const std::string& queue,
                                                                  const Report& bad) {
  const std::string info = queue + "/info";
  const auto parts = disk.list(info);
  if (!parts && parts.error() == ENOENT) return std::vector<PreprocessedPlace>{};
  if (!parts) return fail(trouble("cannot list " + info, parts.error()));
  std::vector<PreprocessedPlace> places;
  for (const std::string& name : *parts) {
    const auto part = parse_name(name, "", 10);
    if (!part || *part > UINT32_MAX) continue;
    const auto numbers = disk.list(info + '/' + name);
    if (!numbers && numbers.error() != ENOTDIR)
      bad(trouble(fmt::format("cannot list {}/{}", info, name), numbers.error()).what);
    if (!numbers) continue;
    for (const std::string& file : *numbers)
      if (const auto number = parse_name(file, "", 10)) places.push_back({*number, static_cast<std::uint32_t>(*part)});
  }
  std::sort(places.begin(), places.end());
  return places;
}

Result<queue::Preprocessed, Trouble> read_preprocessed(Disk& disk, const std::string& queue,
                                                       const PreprocessedPlace& place) {
  queue::Preprocessed message;
  const std::string path = path_of(queue, "info", place);
  auto info = read_file(disk, path, queue::kMaximumPreprocessedFile);
  if (!info) return fail(std::move(info.error()));
  if (!*info) return fail(trouble("cannot read " + path, ENOENT));
  auto decoded = queue::decode_info_file((*info)->octets);
  if (!decoded) return fail(malformed(path, decoded.error()));
  message.info = std::move(*decoded);
  message.birth = (*info)->written;
  for (const auto& [kind, channel] : {std::pair("local", &message.local), std::pair("remote", &message.remote)})
    if (auto read = read_recipients(disk, path_of(queue, kind, place), message.birth, *channel); !read)
      return fail(std::move(read.error()));
  auto bounce = read_file(disk, bounce_path(queue, place), queue::kMaximumBounceFile);
  if (!bounce) return fail(std::move(bounce.error()));
  if (*bounce) message.bounce = queue::decode_bounce_file((*bounce)->octets);
  return message;
}

namespace {

constexpr std::size_t kMostThreads = 16;
constexpr std::size_t kForThreads = 64;  // files for which threads are worth their start

// work(i) for each i below count, many at once: where a file system discards what is freed, each removal waits for the
// device, which takes a thousand of them in the time of a few. The threads are gone when this returns.
template <class Work>
void each_at_once(std::size_t count, const Work& work) {
  std::atomic<std::size_t> next = 0;
  const auto some = [&] {
    for (std::size_t i; (i = next++) < count;) work(i);
  };
  std::vector<std::thread> threads;
  try {
    while (count >= kForThreads && threads.size() + 1 < kMostThreads) threads.emplace_back(some);
  } catch (const std::system_error&) {
    // There may be no more threads than this: fewer do it too.
  }
  some();
  for (std::thread& thread : threads) thread.join();
}

// remove() and visit() may be called by several threads.
class Removal {
 public:
  Removal(Disk& disk, const Report& bad) : disk_(disk), bad_(bad) {}

  bool remove(const std::string& path, const std::string& directory) {
    const auto removed = disk_.remove(path);
    if (!removed && removed.error() == ENOENT) return true;
    const std::scoped_lock lock(mutex_);
    if (!removed) return bad_(trouble("cannot remove " + path, removed.error()).what), false;
    changed_.insert(directory);
    return true;
  }
  void visit(const std::string& directory) {
    const std::scoped_lock lock(mutex_);
    changed_.insert(directory);
  }

  Result<void, Trouble> sync() {
    for (const std::string& directory : std::exchange(changed_, {})) {
      const auto synced = disk_.sync_directory(directory);
      if (!synced && synced.error() != ENOENT) return fail(trouble("cannot sync " + directory, synced.error()));
    }
    return {};
  }

 private:
  Disk& disk_;
  const Report& bad_;
  std::mutex mutex_;
  std::set<std::string> changed_;
};

}  // namespace

Result<void, Trouble> remove_preprocessed(Disk& disk, const std::string& queue,
                                          std::span<const PreprocessedPlace> places,
                                          std::vector<PreprocessedPlace>& left, const Report& bad) {
  Removal removal(disk, bad);
  std::vector<char> gone(places.size());  // each thread writes its own
  each_at_once(places.size(), [&](std::size_t i) {
    const PreprocessedPlace& place = places[i];
    bool all = removal.remove(bounce_path(queue, place), queue + "/bounce");
    for (const char* kind : {"local", "remote"}) {
      all &= removal.remove(path_of(queue, kind, place), directory_of(queue, kind, place));
      removal.visit(directory_of(queue, kind, place));  // gone already, perhaps not for good
    }
    removal.visit(queue + "/bounce");
    gone[i] = all ? 1 : 0;
  });
  if (auto synced = removal.sync(); !synced) return synced;
  each_at_once(places.size(), [&](std::size_t i) {
    const PreprocessedPlace& place = places[i];
    if (gone[i] != 0 && !removal.remove(path_of(queue, "info", place), directory_of(queue, "info", place))) gone[i] = 0;
  });
  std::set<PreprocessedPlace> kept;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (gone[i] == 0) kept.insert(places[i]);
  left.insert(left.end(), kept.begin(), kept.end());
  return removal.sync();
}

}  // namespace sluice::store
