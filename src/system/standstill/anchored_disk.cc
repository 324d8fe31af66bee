#include "system/standstill/anchored_disk.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace sluice::standstill {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

std::string through(const os::Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

// what(path) for an Anchored that may have failed.
template <class Where, class What>
auto with(const Where& where, What what) -> decltype(what(where->path)) {
  if (!where) return fail(int{where.error()});
  return what(where->path);
}

}  // namespace

Result<os::Fd, int> AnchoredDisk::enter(const std::string& directory) const {
  os::Fd fd(::open(root_.c_str(), kDirectory));
  if (directory != root_ && !directory.starts_with(root_ + '/')) return fail(EINVAL);
  for (std::size_t start = root_.size() + 1; fd && start < directory.size();) {
    const auto end = std::min(directory.find('/', start), directory.size());
    const std::string part = directory.substr(start, end - start);
    if (part == "..") return fail(EINVAL);
    fd = os::Fd(::openat(fd.get(), part.c_str(), kDirectory | O_NOFOLLOW));
    start = end + 1;
  }
  if (!fd) return fail(int{errno});
  return fd;
}

Result<AnchoredDisk::Anchored, int> AnchoredDisk::whole(const std::string& directory) const {
  auto fd = enter(directory);
  if (!fd) return fail(int{fd.error()});
  std::string path = through(*fd);
  return Anchored{std::move(*fd), std::move(path)};
}

Result<AnchoredDisk::Anchored, int> AnchoredDisk::entry(const std::string& path) const {
  const auto slash = path.rfind('/');
  if (slash == path.npos || slash < root_.size() || slash + 1 == path.size()) return fail(EINVAL);
  auto fd = enter(path.substr(0, slash));
  if (!fd) return fail(int{fd.error()});
  std::string inside = through(*fd) + path.substr(slash);
  return Anchored{std::move(*fd), std::move(inside)};
}

Result<std::unique_ptr<store::File>, int> AnchoredDisk::open(const std::string& path, Open how, unsigned mode) {
  return with(entry(path), [&](const std::string& there) { return store::posix_disk().open(there, how, mode); });
}
Result<std::vector<std::string>, int> AnchoredDisk::list(const std::string& directory) {
  return with(whole(directory), [](const std::string& there) { return store::posix_disk().list(there + "/."); });
}
Result<void, int> AnchoredDisk::make_directory(const std::string& path, unsigned mode) {
  return with(entry(path), [&](const std::string& there) { return store::posix_disk().make_directory(there, mode); });
}
Result<void, int> AnchoredDisk::remove_directory(const std::string& path) {
  return with(entry(path), [](const std::string& there) { return store::posix_disk().remove_directory(there); });
}
Result<void, int> AnchoredDisk::sync_directory(const std::string& path) {
  return with(whole(path), [](const std::string& there) { return store::posix_disk().sync_directory(there + "/."); });
}
Result<void, int> AnchoredDisk::sync_file_system(const std::string& directory) {
  return with(whole(directory),
              [](const std::string& there) { return store::posix_disk().sync_file_system(there + "/."); });
}
Result<void, int> AnchoredDisk::rename(const std::string& from, const std::string& to) {
  const auto target = entry(to);
  if (!target) return fail(int{target.error()});
  return with(entry(from), [&](const std::string& there) { return store::posix_disk().rename(there, target->path); });
}
Result<void, int> AnchoredDisk::link(const std::string& from, const std::string& to) {
  const auto target = entry(to);
  if (!target) return fail(int{target.error()});
  return with(entry(from), [&](const std::string& there) { return store::posix_disk().link(there, target->path); });
}
Result<void, int> AnchoredDisk::remove(const std::string& path) {
  return with(entry(path), [](const std::string& there) { return store::posix_disk().remove(there); });
}
Result<std::unique_ptr<store::File>, int> AnchoredDisk::lock(const std::string& path) {
  return with(entry(path), [](const std::string& there) { return store::posix_disk().lock(there); });
}

}  // namespace sluice::standstill
