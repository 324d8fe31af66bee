// The few things the file store asks of a file system, behind an interface, so that tests can make each of them fail
// in turn and can take away the power (memory_disk.h). Every error is an errno. Reads and writes are whole: a short one
// is continued, and a read is short only at the end of the file.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace sluice::store {

struct FileFacts {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::uint64_t links = 0;
  bool regular = true;
  std::uint32_t owner = 0;  // uid
  WallTime modified{};
};

class File {  // an open file; destroying it closes it
 public:
  virtual ~File() = default;
  virtual Result<std::size_t, int> read_at(std::uint64_t position, char* to, std::size_t length) = 0;
  // Uses the vectors up (a continued write changes them).
  virtual Result<void, int> write_at(std::uint64_t position, std::span<iovec> pieces) = 0;
  virtual Result<void, int> sync_data() = 0;  // fdatasync: content, and the length if it grew
  virtual Result<void, int> sync() = 0;       // fsync
  virtual Result<void, int> truncate(std::uint64_t length) = 0;
  // Makes the file `length` octets long with the space for them set aside; zeros are read there. A file system that
  // cannot set space aside is no error.
  virtual Result<void, int> preallocate(std::uint64_t length) = 0;
  virtual Result<FileFacts, int> facts() = 0;
  // Sets when the file was last read, which changes nothing that facts() tells.
  virtual Result<void, int> touch(WallTime now) = 0;
};

class Disk {
 public:
  enum class Open {
    kRead,
    kReadWrite,
    kCreate,  // to read and write; the file must not exist
  };
  virtual ~Disk() = default;
  // `mode` is that of a created file, whatever the umask is.
  virtual Result<std::unique_ptr<File>, int> open(const std::string& path, Open how, unsigned mode = 0) = 0;
  virtual Result<std::vector<std::string>, int> list(const std::string& directory) = 0;  // names, in no order
  virtual Result<void, int> make_directory(const std::string& path, unsigned mode) = 0;  // it may exist already
  virtual Result<void, int> sync_directory(const std::string& path) = 0;  // names in it survive power loss
  // Everything that was written to the file system of this directory survives power loss: one call where many files
  // would have to be synced.
  virtual Result<void, int> sync_file_system(const std::string& directory) = 0;
  virtual Result<void, int> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void, int> link(const std::string& from, const std::string& to) = 0;
  virtual Result<void, int> remove(const std::string& path) = 0;
  virtual Result<void, int> remove_directory(const std::string& path) = 0;  // an empty one
  // One process at a time holds a directory or a file, until the File dies or the process does. EWOULDBLOCK: another
  // has it.
  virtual Result<std::unique_ptr<File>, int> lock(const std::string& path) = 0;
};

Disk& posix_disk();  // the real one

}  // namespace sluice::store
