// Makes and repairs the places of core/queue/layout.h: what is missing is made, and owners and modes are set right. The
// same code serves queue-fix, `sluice setup` and the supervisor, which differ in what they allow and what they say.
//
// Run by root over directories that the daemons' users own, so it follows no symbolic link below the root directory and
// touches no file that has more names than it should. It never removes and never renames anything.
//
// What it made is durable (its directory is synced) when repair() returns.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/queue/layout.h"
#include "system/layout/owners.h"

namespace sluice::layout {

enum class Flaw { kMissing, kOwner, kMode };

struct Finding {
  Flaw flaw;
  std::string path;  // whole
  std::string text;  // what a repair does: "Creating directory [/q/queue1/info]"
};

struct Orders {
  // Asked before each change; false leaves things as they are.
  std::function<bool(const Finding&)> approve;
  // Told each repair that failed ("cannot create [X]: No space left on device") and what cannot be repaired: a
  // directory, file or fifo where another was expected, a file with further names, a lock file of another size.
  std::function<void(std::string_view complaint)> complain;
  bool plain_files = false;  // owners and modes of the plain files in the directories as well
};

struct Tally {
  unsigned found = 0;  // flaws that can be repaired
  unsigned repaired = 0;
  unsigned failed = 0;  // repairs that failed, and flaws that cannot be repaired
  bool sound() const { return found == repaired && failed == 0; }
};

// `root` is the queue directory or the home directory; its parent must exist.
Tally repair(const std::string& root, std::span<const queue::Place> places, const Owners& owners, const Orders& orders);

}  // namespace sluice::layout
