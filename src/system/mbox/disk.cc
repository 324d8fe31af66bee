#include "system/mbox/disk.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::mbox {

ssize_t Disk::write(int file, Octets octets) { return ::write(file, octets.data(), octets.size()); }

int Disk::sync(int file) {
  int result;
  do result = ::fsync(file);
  while (result != 0 && errno == EINTR);
  return result;
}

int Disk::cut(int file, off_t size) { return ::ftruncate(file, size); }

int Disk::set_attribute(int file, const char* name, Octets value) {
  return ::fsetxattr(file, name, value.data(), value.size(), 0);
}

int Disk::remove_attribute(int file, const char* name) { return ::fremovexattr(file, name); }

int Disk::create(int directory, const char* name) {
  return ::openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int Disk::remove(int directory, const char* name) { return ::unlinkat(directory, name, 0); }

}  // namespace sluice::mbox
