// Which segments of the journal, and which body files, are still needed: the reclaim side of the image. Pure counting;
// the image says what happens, and asks what may go.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/queue/message.h"

namespace sluice::queue {

struct SegmentUse {
  std::uint64_t segment = 0;      // its first LSN
  std::uint64_t octets = 0;       // of the segment, as far as the next one tells; 0 for the newest
  std::uint64_t live_octets = 0;  // of bodies still needed
  std::uint64_t live_messages = 0;
};

class SpaceUse {
 public:
  void hold(const BodyRef& body);        // a message needs this body
  void release(const BodyRef& body);     // it does no more
  void remember(std::uint64_t segment);  // it exists, needed or not
  void removed(std::uint64_t segment);   // gone from the disk; ignored while it is in use

  // Segments that no message needs and in which none can still be unknown (everything in them was announced before
  // `watermark`). Not to be acted upon while a Relocate is unanswered: its copy is not counted yet.
  std::vector<std::uint64_t> dead_segments(Lsn watermark) const;
  // Inodes of body files released since the last call, each to be removed exactly once: as soon as a file is gone its
  // inode can be that of a new body. So nothing remembers them on disk, and who has just loaded an image drops them (a
  // file that a crash leaves behind is found by its age).
  std::vector<std::uint64_t> take_released_files() { return std::exchange(released_files_, {}); }
  // Among segments wholly before `watermark`, the one with the smallest live part, if that is below `ratio` of it.
  std::optional<SegmentUse> worst_segment(Lsn watermark, double ratio) const;
  std::vector<SegmentUse> segments() const;  // oldest first

 private:
  struct Live {
    std::uint64_t octets = 0;
    std::uint64_t messages = 0;
  };
  template <class Visit>
  void each_passed(Lsn watermark, Visit&& visit) const;

  std::map<std::uint64_t, Live> segments_;  // few: one for each 64 MiB of journal
  std::vector<std::uint64_t> released_files_;
};

}  // namespace sluice::queue
