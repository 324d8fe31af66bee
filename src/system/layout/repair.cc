#include "system/layout/repair.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "system/os/failure.h"
#include "system/os/fd.h"
#include "system/os/users.h"

namespace sluice::layout {

namespace {

using queue::Place;
using Kind = Place::Kind;

constexpr unsigned kModeBits = 07777;

constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

bool is_kind(const struct stat& status, Kind kind) {
  switch (kind) {
    case Kind::kDirectory:
      return S_ISDIR(status.st_mode);
    case Kind::kFile:
      return S_ISREG(status.st_mode);
    case Kind::kFifo:
      return S_ISFIFO(status.st_mode);
  }
  return false;
}

const char* noun(Kind kind) {
  switch (kind) {
    case Kind::kDirectory:
      return "directory";
    case Kind::kFile:
      return "plain file";
    case Kind::kFifo:
      return "fifo";
  }
  return "";
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class Repairer {
 public:
  Repairer(const std::string& root, const Owners& owners, const Orders& orders)
      : root_(root), owners_(owners), orders_(orders) {}

  void visit(const Place& place) {
    if (place.path != "." && !enter_parent(place)) return;  // the missing parent was counted
    os::Fd there = open_place(place);
    if (!there && errno == ENOENT)
      there = create(place);
    else if (!there)
      failed(place, "open");
    if (!there) return;
    struct stat status {};
    if (::fstat(there.get(), &status) != 0) return failed(place, "examine");
    if (!is_kind(status, place.kind))
      return beyond_repair(fmt::format("[{}] is no {}", whole(place), noun(place.kind)));
    if (place.kind == Kind::kFile && place.size > 0 && status.st_size != static_cast<off_t>(place.size))
      orders_.complain(fmt::format("[{}] has {} octets instead of {}", whole(place), status.st_size, place.size));
    set_right(whole(place), there.get(), status, place, {place.mode, place.mode},
              place.kind == Kind::kDirectory ? 0 : 1);
    if (orders_.plain_files && place.files) visit_files(place);
  }

  void sync() {
    for (const std::string& directory : changed_) {
      const os::Fd fd(::open(directory.c_str(), kDirectoryFlags));
      if (fd && ::fsync(fd.get()) == 0) continue;
      ++tally_.failed;
      orders_.complain(os::with_errno(fmt::format("cannot sync [{}]", directory)));
    }
  }

  const Tally& tally() const { return tally_; }

 private:
  std::string whole(const Place& place) const { return place.path == "." ? root_ : root_ + '/' + place.path; }

  static std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }
  static std::string all_but_last(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
  }

  // Makes parent_ the directory that holds `place`; false if there is none. Each part is opened without following
  // links.
  bool enter_parent(const Place& place) {
    const std::string parent = all_but_last(place.path);
    if (parent_ && parent == parent_path_) return true;
    parent_path_ = parent;
    parent_.reset(::open(root_.c_str(), kDirectoryFlags));
    for (std::size_t start = 0; parent_ && parent != "." && start <= parent.size();) {
      const auto end = std::min(parent.find('/', start), parent.size());
      parent_.reset(::openat(parent_.get(), parent.substr(start, end - start).c_str(), kDirectoryFlags | O_NOFOLLOW));
      start = end + 1;
    }
    return static_cast<bool>(parent_);
  }

  // A handle (O_PATH) of what stands at the place, whatever it is.
  os::Fd open_place(const Place& place) const {
    if (place.path == ".") return os::Fd(::open(root_.c_str(), O_PATH | O_CLOEXEC));
    return os::Fd(::openat(parent_.get(), last_part(place.path).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }

  os::Fd create(const Place& place) {
    const std::string path = whole(place);
    std::string text;
    switch (place.kind) {
      case Kind::kDirectory:
        text = fmt::format("Creating directory [{}]", path);
        break;
      case Kind::kFifo:
        text = fmt::format("Creating fifo [{}]", path);
        break;
      case Kind::kFile:
        text = fmt::format("Creating [{}] with size [{}]", path, place.size);
        break;
    }
    if (!approved({Flaw::kMissing, path, text})) return {};
    os::Fd made = make(place) ? open_place(place) : os::Fd();
    if (!made || !own(made.get(), place) || !set_mode(made.get(), place.mode)) return failed(place, "create"), os::Fd();
    changed_.insert(all_but_last(path));
    ++tally_.repaired;
    return made;
  }

  // With no rights for anybody else until the owner is set.
  bool make(const Place& place) const {
    const bool is_root = place.path == ".";
    const std::string name = is_root ? root_ : last_part(place.path);
    const int in = is_root ? AT_FDCWD : parent_.get();
    switch (place.kind) {
      case Kind::kDirectory:
        return ::mkdirat(in, name.c_str(), 0700) == 0;
      case Kind::kFifo:
        return ::mkfifoat(in, name.c_str(), 0600) == 0;
      case Kind::kFile:
        break;
    }
    const os::Fd file(::openat(in, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    return file && ::ftruncate(file.get(), static_cast<off_t>(place.size)) == 0 && ::fsync(file.get()) == 0;
  }

  bool right_owner(const struct stat& status, const Place& place) const {
    if (status.st_uid != owners_.uid(place.owner)) return false;
    return !owners_.partitioned() || status.st_gid == owners_.gid(place.group);
  }

  bool own(int handle, const Place& place) const {
    if (!owners_.partitioned()) {
      struct stat status {};
      if (::fstat(handle, &status) == 0 && status.st_uid == owners_.uid(place.owner)) return true;
    }
    const gid_t gid = owners_.partitioned() ? owners_.gid(place.group) : static_cast<gid_t>(-1);
    return ::fchownat(handle, "", owners_.uid(place.owner), gid, AT_EMPTY_PATH) == 0;
  }

  // fchmod() refuses an O_PATH handle; its name under /proc leads to the same inode without a race.
  static bool set_mode(int handle, unsigned mode) {
    return ::chmod(fmt::format("/proc/self/fd/{}", handle).c_str(), mode) == 0;
  }

  // `links`: names that the file may have, 0: any number (directories).
  void set_right(const std::string& path, int handle, const struct stat& status, const Place& place,
                 const queue::FileModes& modes, unsigned links) {
    const bool owner = right_owner(status, place), mode = modes.allow(status.st_mode & kModeBits);
    if (owner && mode) return;
    if (links != 0 && status.st_nlink > links)
      return beyond_repair(fmt::format("[{}] has {} names; its owner and mode are left alone", path, status.st_nlink));
    if (!owner) {
      const uid_t uid = owners_.uid(place.owner);
      const gid_t gid = owners_.gid(place.group);
      change({Flaw::kOwner, path,
              fmt::format("Changing ownership   of [{}] to uid {} ({}) gid {} ({})", path, uid, os::user_name(uid), gid,
                          os::group_name(gid))},
             "change the ownership of", [&] { return own(handle, place); });
    }
    if (!mode)
      change({Flaw::kMode, path, fmt::format("Changing permissions of [{}] to mode [{:o}]", path, modes.greatest)},
             "change the permissions of", [&] { return set_mode(handle, modes.greatest); });
  }

  void visit_files(const Place& place) {
    const std::string path = whole(place);
    os::Fd fd(::openat(place.path == "." ? AT_FDCWD : parent_.get(),
                       place.path == "." ? root_.c_str() : last_part(place.path).c_str(),
                       kDirectoryFlags | O_NOFOLLOW));
    const std::unique_ptr<DIR, CloseDirectory> directory(fd ? ::fdopendir(fd.get()) : nullptr);
    if (!directory) return failed(place, "read");
    fd.release();  // the stream's now
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      visit_file(path + '/' + entry->d_name, ::dirfd(directory.get()), entry->d_name, place);
    }
  }

  void visit_file(const std::string& path, int directory, const char* name, const Place& place) {
    const os::Fd file(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return;  // gone in the meantime
    if (S_ISDIR(status.st_mode)) return;
    if (!S_ISREG(status.st_mode)) return beyond_repair(fmt::format("[{}] is no plain file", path));
    set_right(path, file.get(), status, place, *place.files, place.file_links);
  }

  bool approved(const Finding& finding) {
    ++tally_.found;
    return orders_.approve(finding);
  }

  template <class Work>
  void change(const Finding& finding, const char* verb, Work work) {
    if (!approved(finding)) return;
    if (work()) return void(++tally_.repaired);
    ++tally_.failed;
    orders_.complain(os::with_errno(fmt::format("cannot {} [{}]", verb, finding.path)));
  }

  void failed(const Place& place, const char* verb) {
    ++tally_.failed;
    orders_.complain(os::with_errno(fmt::format("cannot {} [{}]", verb, whole(place))));
  }

  void beyond_repair(const std::string& complaint) {
    ++tally_.failed;
    orders_.complain(complaint);
  }

  const std::string root_;
  const Owners& owners_;
  const Orders& orders_;
  os::Fd parent_;
  std::string parent_path_;
  std::set<std::string> changed_;  // directories with new entries
  Tally tally_;
};

}  // namespace

Tally repair(const std::string& root, std::span<const queue::Place> places, const Owners& owners,
             const Orders& orders) {
  Repairer repairer(root, owners, orders);
  for (const Place& place : places) repairer.visit(place);
  repairer.sync();
  return repairer.tally();
}

}  // namespace sluice::layout
