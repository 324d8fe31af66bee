#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "system/os/fd.h"
#include "system/store/disk.h"

namespace sluice::store {

namespace {

// The result of a call that answers -1 on failure. No call of ours is repeated after EINTR except reads and writes:
// the others either cannot be interrupted on Linux or must not be repeated (fsync).
Result<void, int> checked(int answer) {
  if (answer < 0) return fail(int{errno});
  return {};
}

class PosixFile final : public File {
 public:
  explicit PosixFile(os::Fd fd) : fd_(std::move(fd)) {}

  Result<std::size_t, int> read_at(std::uint64_t position, char* to, std::size_t length) override {
    std::size_t done = 0;
    while (done < length) {
      const ssize_t got = ::pread(fd_.get(), to + done, length - done, static_cast<off_t>(position + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail(int{errno});
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void, int> write_at(std::uint64_t position, std::span<iovec> pieces) override {
    while (!pieces.empty()) {
      const int count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
      const ssize_t put = ::pwritev(fd_.get(), pieces.data(), count, static_cast<off_t>(position));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return fail(int{errno});
      position += static_cast<std::uint64_t>(put);
      pieces = behind(pieces, static_cast<std::size_t>(put));
    }
    return {};
  }

  Result<void, int> sync_data() override { return checked(::fdatasync(fd_.get())); }
  Result<void, int> sync() override { return checked(::fsync(fd_.get())); }
  Result<void, int> truncate(std::uint64_t length) override {
    return checked(::ftruncate(fd_.get(), static_cast<off_t>(length)));
  }

  Result<void, int> preallocate(std::uint64_t length) override {
    if (::fallocate(fd_.get(), 0, 0, static_cast<off_t>(length)) == 0) return {};
    if (errno == EOPNOTSUPP || errno == ENOSYS) return truncate(length);
    return fail(int{errno});
  }

  Result<FileFacts, int> facts() override {
    struct stat st;
    if (::fstat(fd_.get(), &st) < 0) return fail(int{errno});
    const auto modified = std::chrono::seconds{st.st_mtim.tv_sec} + std::chrono::nanoseconds{st.st_mtim.tv_nsec};
    return FileFacts{static_cast<std::uint64_t>(st.st_size),
                     st.st_ino,
                     st.st_nlink,
                     S_ISREG(st.st_mode),
                     st.st_uid,
                     wall_from_millis(std::chrono::floor<std::chrono::milliseconds>(modified).count())};
  }

  Result<void, int> touch(WallTime now) override {
    const std::int64_t millis = to_millis(now);
    const timespec times[] = {{millis / 1000, millis % 1000 * 1'000'000}, {0, UTIME_OMIT}};
    return checked(::futimens(fd_.get(), times));
  }

 private:
  // What of `pieces` is left when `written` octets of them are written.
  static std::span<iovec> behind(std::span<iovec> pieces, std::size_t written) {
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (!pieces.empty()) {
      pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + written;
      pieces.front().iov_len -= written;
    }
    return pieces;
  }

  os::Fd fd_;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>, int> open(const std::string& path, Open how, unsigned mode) override {
    // What is only read may be of others: a fifo among it must not make us wait.
    const int access = how == Open::kRead ? O_RDONLY | O_NONBLOCK : O_RDWR;
    const int create = how == Open::kCreate ? O_CREAT | O_EXCL : 0;
    os::Fd fd(::open(path.c_str(), access | create | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!fd) return fail(int{errno});
    if (create != 0 && ::fchmod(fd.get(), mode) < 0) {  // the umask may have taken bits away
      const int error = errno;
      ::unlink(path.c_str());
      return fail(int{error});
    }
    return std::make_unique<PosixFile>(std::move(fd));
  }

  Result<std::vector<std::string>, int> list(const std::string& directory) override {
    const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory.c_str()));
    if (!open) return fail(int{errno});
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* const entry = ::readdir(open.get());
      if (!entry) break;
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
        names.emplace_back(entry->d_name);
      }
    }
    if (errno != 0) return fail(int{errno});
    return names;
  }

  Result<void, int> make_directory(const std::string& path, unsigned mode) override {
    if (::mkdir(path.c_str(), mode) == 0) return checked(::chmod(path.c_str(), mode));
    if (errno == EEXIST) return {};
    return fail(int{errno});
  }

  Result<void, int> sync_directory(const std::string& path) override {
    const os::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail(int{errno});
    return checked(::fsync(fd.get()));
  }

  Result<void, int> sync_file_system(const std::string& directory) override {
    const os::Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail(int{errno});
    return checked(::syncfs(fd.get()));
  }

  Result<void, int> rename(const std::string& from, const std::string& to) override {
    return checked(::rename(from.c_str(), to.c_str()));
  }
  Result<void, int> link(const std::string& from, const std::string& to) override {
    return checked(::link(from.c_str(), to.c_str()));
  }
  Result<void, int> remove(const std::string& path) override { return checked(::unlink(path.c_str())); }

  Result<void, int> remove_directory(const std::string& path) override { return checked(::rmdir(path.c_str())); }

  Result<std::unique_ptr<File>, int> lock(const std::string& path) override {
    os::Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) return fail(int{errno});
    return std::make_unique<PosixFile>(std::move(fd));
  }
};

}  // namespace

Disk& posix_disk() {
  static PosixDisk disk;  // without state
  return disk;
}

}  // namespace sluice::store
