// Adoption: takes over the messages that another family's daemons left in info/, local/, remote/ and bounce/ of this
// queue. Once at the start, before anything is scheduled and before todo-proc is asked for what is new. For each
// message there, in this order:
//
//   1. bodies    one sync of the file system: what is taken over is on the disk
//   2. records   what the files say goes into the state log (core/adoption/adopted.h); the body stays where it is
//   3. sync      of the state log: from here on the message is ours
//   4. removal   of bounce, local and remote files, durably; then of the info file, durably
//   5. only now may it be scheduled
//
// A crash anywhere is set right by doing it again: a message whose body the state log has, with the same arrival, is
// taken already, and only step 4 is left of it. Because nothing is delivered before its info file is gone for good, no
// such message can have been finished and its number be in use again. A message that also stands in todo/ was not
// preprocessed to the end: the todo file counts, and its other files are removed. What cannot be taken is named and
// stays as it is.
//
// A message with an extra header in its info file gets steps 1 to 3 here and is then withheld, because the header
// belongs on top of its body, which only qmail-intake can write: the rest of its way is in extra_headers.h. After a
// crash on it the message may have its new body already while its info file still names the old one; then one has the
// extra header and the octets of the other, and arrival and sender are the same.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/adoption/adopted.h"
#include "core/queue/image.h"
#include "core/route/router.h"
#include "system/store/file_store.h"
#include "system/store/preprocessed_files.h"
#include "system/store/todo_files.h"

namespace sluice::scheduler {

// The state log, as adoption needs it.
struct StateAccess {
  const queue::Image& image;
  std::function<void(const queue::StateRecord&)> record;  // into the image and, after sync, into the log
  std::function<bool()> sync;
};

class Adoption {
 public:
  struct Settings {
    std::string directory;  // of the queue
    unsigned number = 0;    // the N of queueN, for ids
    store::Options options;
    Duration warn_after{};  // as the scheduler's policy has it; zero: senders are not told of delay
    std::uint32_t local_skip = 10, remote_skip = 20;
    std::uint32_t uid = 0, pid = 0;  // ours: who submitted a message is not known any more
  };
  using Report = std::function<void(const std::string& what)>;

  Adoption(Settings settings, const route::Router& router, StateAccess state, Report report)
      : settings_(std::move(settings)), router_(router), state_(std::move(state)), report_(std::move(report)) {}

  struct WithHeader {
    queue::MessageId id;
    store::PreprocessedPlace place;
    std::string header;  // whole lines
  };
  struct Done {
    std::vector<queue::MessageId> fresh;   // taken over now
    std::vector<WithHeader> with_headers;  // withheld, too
    // Ours, but their old files could not be removed: not to be scheduled before they are, or the next start would not
    // know what became of them.
    boost::unordered_flat_set<queue::MessageId, std::hash<queue::MessageId>> withheld;
  };
  // Fails when the disk does not take what has to be durable; then nothing may be scheduled.
  Result<Done, store::Trouble> run(WallTime now);

 private:
  struct Ours {
    queue::MessageId id;
    WallTime arrival{};
    std::uint64_t file = 0, length = 0;  // its body
  };
  void look();
  void judge(const store::PreprocessedPlace& place, WallTime now);
  void take(const store::PreprocessedPlace& place, WallTime now);
  void take_again(const queue::Preprocessed& message, queue::MessageId id, WallTime now);
  void record(const adoption::Adopted& adopted, WallTime now);
  adoption::Circumstances circumstances_at(WallTime now) const;
  void clear(const store::PreprocessedPlace& place, queue::MessageId id, const queue::InfoFile& info);
  std::optional<Ours> with_header_on_top(const store::PreprocessedPlace& place,
                                         const queue::Preprocessed& message) const;
  bool has_on_top(std::uint64_t file, Octets header, std::uint64_t number) const;
  Result<std::uint64_t, std::string> length_of_body(const store::PreprocessedPlace& place, WallTime birth) const;
  void leave(const std::string& why);

  const Settings settings_;
  const route::Router& router_;
  const StateAccess state_;
  const Report report_;
  boost::unordered_flat_map<std::uint64_t, Ours> bodies_;  // of messages of ours, by the number of their file
  boost::unordered_flat_map<std::int64_t, std::vector<Ours>> known_;  // those that were ours before, by arrival
  boost::unordered_flat_map<std::uint64_t, store::TodoPlace> todo_;
  std::vector<store::PreprocessedPlace> to_remove_;
  std::vector<queue::MessageId> fresh_;
  queue::MessageId last_;
  std::vector<WithHeader> with_headers_;
  std::size_t left_ = 0;
  std::size_t since_sync_ = 0;
  bool failed_ = false;
};

}  // namespace sluice::scheduler
