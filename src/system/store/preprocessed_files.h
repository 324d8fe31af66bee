// The messages that another family's todo-proc has preprocessed, as they lie in a queue's directory: listed, read and
// removed. For qmail-send, which takes them over at its start, and for queue-fix. What the files say is
// core/queue/preprocessed.h.
#pragma once

#include <compare>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/queue/preprocessed.h"
#include "system/store/disk.h"
#include "system/store/layout.h"

namespace sluice::store {

struct PreprocessedPlace {
  std::uint64_t number = 0;  // of the message: the inode of its body
  std::uint32_t part = 0;    // the subdirectory of info, local and remote in which it stands
  friend auto operator<=>(const PreprocessedPlace&, const PreprocessedPlace&) = default;
};

// Every info file, by number. A part that cannot be read is named through `bad`.
Result<std::vector<PreprocessedPlace>, Trouble> list_preprocessed(Disk& disk, const std::string& queue,
                                                                  const std::function<void(const std::string&)>& bad);

// Reads all files of a message; only info must be there. Fails with what is wrong, for people; code is 0 if the file is
// malformed.
Result<queue::Preprocessed, Trouble> read_preprocessed(Disk& disk, const std::string& queue,
                                                       const PreprocessedPlace& place);

// Removes the files of these messages, durably: first everything but info, then info. So a file in info is the last
// thing that speaks of a message, and what a crash leaves is found by it. Of many messages several files are removed at
// once, by threads that are gone when this returns; `bad` is called by one at a time.
//   left    gets those of whom a file is still there, after the reason was given to `bad`
//   errors  a directory could not be synced
Result<void, Trouble> remove_preprocessed(Disk& disk, const std::string& queue,
                                          std::span<const PreprocessedPlace> places,
                                          std::vector<PreprocessedPlace>& left,
                                          const std::function<void(const std::string&)>& bad);

}  // namespace sluice::store
