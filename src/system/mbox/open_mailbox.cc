#include "system/mbox/open_mailbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "system/mailbox/trouble.h"

namespace sluice::mbox {

namespace {

constexpr int kFlags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int kRaces = 10;  // times that the file may be another one when its lock is held

auto failed(std::string_view step) { return fail(mailbox::system_trouble(step, errno)); }
auto refused(std::string_view why) { return fail(mailbox::trouble(Reason::kNotAMailbox, why)); }

// What the link at `path` leads to; the path itself if it is no link.
Result<std::string, Trouble> followed(const std::string& path) {
  struct stat link {};
  if (::lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return path;
  struct stat target {};
  if (::stat(path.c_str(), &target) != 0) return failed("follow the link to the mailbox");
  if (link.st_uid != ::geteuid() && link.st_uid != 0 && target.st_uid != ::geteuid())
    return refused("The mailbox is a link that somebody else made.");
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  if (!real) return failed("follow the link to the mailbox");
  return std::string(real.get());
}

Result<std::unique_ptr<OpenMailbox>, Trouble> open_directory(const std::string& path) {
  auto real = followed(path);
  if (!real) return fail(std::move(real.error()));
  auto opened = std::make_unique<OpenMailbox>();
  const std::size_t slash = real->rfind('/');
  opened->name = slash == std::string::npos ? *real : real->substr(slash + 1);
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : real->substr(0, slash);
  if (opened->name.empty() || opened->name == "." || opened->name == "..")
    return refused("The mailbox is a directory.");
  opened->directory = os::Fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A directory that may be passed through but not read still has a mailbox; it cannot be synced, though.
  if (!opened->directory && errno == EACCES)
    opened->directory = os::Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened->directory) return failed("open the directory of the mailbox");
  return opened;
}

// One try to open the file. False: it is gone or was made in between; again.
Result<bool, Trouble> open_file(OpenMailbox& mailbox, Missing missing, Disk& disk) {
  mailbox.file = os::Fd(::openat(mailbox.directory.get(), mailbox.name.c_str(), kFlags));
  if (!mailbox.file && errno == ENOENT && missing == Missing::kCreate) {
    // Made first and opened by its name then, with the flags that all have.
    const os::Fd made(disk.create(mailbox.directory.get(), mailbox.name.c_str()));
    if (!made && errno != EEXIST) return failed("create the mailbox");
    if (made) mailbox.made = true;
    return false;
  }
  if (!mailbox.file) return failed("open the mailbox");
  struct stat status {};
  if (::fstat(mailbox.file.get(), &status) != 0) return failed("open the mailbox");
  if (!S_ISREG(status.st_mode)) return refused("The mailbox is not a regular file.");
  if (status.st_nlink > 1) return refused("The mailbox has more than one name.");
  return true;
}

bool still_named(const OpenMailbox& mailbox) {
  struct stat file {};
  struct stat named {};
  return ::fstat(mailbox.file.get(), &file) == 0 &&
         ::fstatat(mailbox.directory.get(), mailbox.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

void sleep_for(std::chrono::milliseconds pause) {
  timespec time{pause.count() / 1000, (pause.count() % 1000) * 1'000'000};
  while (::nanosleep(&time, &time) != 0 && errno == EINTR) {
  }
}

}  // namespace

Result<std::unique_ptr<OpenMailbox>, Trouble> open_locked(const std::string& path, Missing missing,
                                                          const Patience& patience, Disk& disk) {
  auto mailbox = open_directory(path);
  if (!mailbox) return mailbox;
  OpenMailbox& opened = **mailbox;
  int races = 0;
  for (int attempt = 0; attempt < std::max(patience.tries, 1);) {
    const auto found = open_file(opened, missing, disk);
    if (!found && missing == Missing::kNone && found.error().reason == Reason::kMissing)
      return std::unique_ptr<OpenMailbox>();
    if (!found) return fail(found.error());
    if (*found) {
      const auto held = opened.locks.take(opened.file.get(), opened.directory.get(), opened.name);
      if (!held) return fail(held.error());
      if (*held == Locks::Held::kYes && still_named(opened)) return mailbox;
      opened.locks.release();
      if (*held == Locks::Held::kBusy) {
        if (++attempt < patience.tries) sleep_for(patience.pause);
        continue;
      }
    }
    if (++races > kRaces) break;
  }
  return fail(mailbox::trouble(Reason::kLocked, "The mailbox is locked by another program."));
}

}  // namespace sluice::mbox
