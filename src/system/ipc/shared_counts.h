// A POSIX shared memory object that holds a few counts (core/link/queue_counts.h): written by one process, read by
// anybody. It is read and written with single calls of pread and pwrite, never mapped, so that whatever others do to
// its size or content can make a read fail and nothing worse. Calls do not wait and do not allocate, but for errors.
//
// Errors of make() and open() are sentences for a log.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "system/ipc/object_access.h"
#include "system/os/fd.h"

namespace sluice::ipc {

class SharedCounts {
 public:
  enum class Use { kRead, kWrite };  // kWrite reads, too

  // Makes the object, `octets` zeros; or takes over the one that is there, with its content, and gives it the size,
  // owner and mode that it should have. One that belongs to somebody else is removed and made anew where the system
  // lets us, else it is refused.
  //   name  with its slash, as link::ipc_name() gives it
  static Result<SharedCounts, std::string> make(const std::string& name, std::size_t octets,
                                                const ObjectAccess& access);
  // One that exists.
  static Result<SharedCounts, std::string> open(const std::string& name, Use use);

  // Exactly `octets` octets from the start. False: the object is smaller or larger, or cannot be read.
  bool read(char* to, std::size_t octets) const;
  // False: it could not be written, or its name is gone. Writes nothing beyond the object's size.
  bool write(std::size_t at, Octets octets);

  std::optional<uid_t> owner() const;

  // The counts, decoded; nothing if they are not what they should be.
  template <class Counts>
  std::optional<Counts> get() const {
    char octets[Counts::kOctets];
    if (!read(octets, sizeof octets)) return std::nullopt;
    return Counts::decode(Octets(octets, sizeof octets));
  }
  template <class Counts>
  bool put(const Counts& counts) {
    const auto octets = counts.encode();
    return write(0, Octets(octets.data(), octets.size()));
  }

 private:
  explicit SharedCounts(os::Fd fd) : fd_(std::move(fd)) {}
  os::Fd fd_;
};

// Removes the name; who has the object open keeps it. True also if there is none.
bool remove_shared_counts(const std::string& name);

}  // namespace sluice::ipc
