#include "system/standstill/numbering.h"

#include <algorithm>
#include <cerrno>
#include <set>

namespace sluice::standstill {

namespace {

using store::Disk;

constexpr unsigned kQuarantineMode = 0700;

class Numbering {
 public:
  Numbering(Disk& disk, const std::string& queue, const NumberingOrders& orders)
      : disk_(disk), queue_(queue), orders_(orders), files_(find_mail_files(disk, queue)) {}

  Numbered run() {
    for (const std::string& sentence : files_.puzzling) complain(sentence);
    // What cannot be seen may be what a stray belongs to, or bear the name that another is to get.
    if (!files_.complete) return complain("names and places were left alone"), tally_;
    sort_bodies();
    take_strays();
    const bool ready = sync() && set_aside();
    if (move_to_places() && ready) settle();
    remove_surplus();
    return tally_;
  }

 private:
  const Shape& shape() const { return orders_.shape; }
  std::string directory(const std::string& path) const { return path.substr(0, path.rfind('/')); }

  void complain(const std::string& complaint) {
    ++tally_.failed;
    orders_.complain(complaint);
  }

  // The number that a body should have; bodies of which two want one number are left out.
  void sort_bodies() {
    std::multimap<std::uint64_t, Body> wanted;
    for (Body& body : files_.bodies) {
      const bool stays = !body.pending && orders_.in_use.contains(body.number);
      if (body.pending && body.number != body.inode) {
        complain(fmt::format("[{}] was on its way to a number that is not its own (was the queue copied?)", body.path));
        frozen_.insert(body.number);
        continue;
      }
      wanted.emplace(stays ? body.number : body.inode, std::move(body));
    }
    for (auto at = wanted.begin(); at != wanted.end();) {
      const auto end = wanted.upper_bound(at->first);
      for (auto each = at; each != end; ++each) known_.insert(each->second.number);
      auto first = at;
      for (auto each = at; each != end; ++each)
        if (progress(each->first, each->second) < progress(first->first, first->second)) first = each;
      const auto names = std::distance(at, end);
      if (names == 1 || (names == 2 && is_one_renaming(at->first, at->second, std::next(at)->second)))
        bodies_.emplace(first->first, first->second);
      else
        for (auto each = at; each != end; ++each) {
          frozen_.insert(each->second.number);
          complain(fmt::format("[{}] is not the only one to have its number", each->second.path));
        }
      at = end;
    }
    for (const auto& [number, body] : bodies_)
      if (body.pending || body.number != number) expected_.insert(number);
  }

  // How far a body is on its way to its number.
  int progress(std::uint64_t number, const Body& body) const {
    if (body.number != number) return 0;
    if (body.pending) return 1;
    return body.path == path_for(queue_, "mess", number, shape()) ? 3 : 2;
  }

  // Two names of one file that a renaming has left when the power went: the new one had reached the disk, that the old
  // one is gone had not.
  bool is_one_renaming(std::uint64_t number, const Body& one, const Body& other) const {
    const int low = std::min(progress(number, one), progress(number, other));
    const int high = std::max(progress(number, one), progress(number, other));
    return one.inode == other.inode && low != high && !(low == 0 && high != 1);
  }

  void take_strays() {
    for (auto* companions : {&files_.plain, &files_.pending})
      std::erase_if(*companions, [&](const auto& each) {
        const Companion& companion = each.second;
        const auto& owners = companion.pending ? expected_ : known_;
        const bool owned = owners.contains(companion.number) || frozen_.contains(companion.number);
        if (!owned) take_stray(companion);
        return !owned;
      });
  }

  void take_stray(const Companion& stray) {
    if (stray.size == 0) {
      change(Change::kStray, fmt::format("Unlinking [{}]", stray.path), [&]() -> Result<void, int> {
        old_names_.push_back(stray.path);
        return {};
      });
      return;
    }
    const std::string quarantine = queue_ + "/quarantine";
    std::string to = fmt::format("{}/{}.{}", quarantine, stray.kind, stray.number);
    for (int copy = 1; exists(to); ++copy) to = fmt::format("{}/{}.{}.{}", quarantine, stray.kind, stray.number, copy);
    change(Change::kStray, fmt::format("Renaming [{}] to [{}]", stray.path, to), [&] {
      const auto made = disk_.make_directory(quarantine, kQuarantineMode);
      gained_.insert(queue_);
      return made ? rename(stray.path, to) : made;
    });
  }

  // Step 2. False: not all of it is done, so that nothing may be settled.
  bool set_aside() {
    bool all = true;
    std::vector<std::uint64_t> ready;
    for (const auto& [number, body] : bodies_) {
      if (body.pending || body.number == number) continue;
      const auto [begin, end] = files_.plain.equal_range(body.number);
      bool done = true;
      for (auto each = begin; each != end; ++each)
        done &= put(each->second.path, pending_path_for(queue_, each->second.kind, number, shape()));
      all &= done;
      if (!done) continue;
      for (auto each = begin; each != end; ++each) {
        Companion companion = each->second;
        companion.path = pending_path_for(queue_, companion.kind, number, shape());
        companion.number = number;
        files_.pending.emplace(number, std::move(companion));
      }
      files_.plain.erase(begin, end);
      ready.push_back(number);
    }
    if (!sync()) return false;
    for (const std::uint64_t number : ready) {
      Body& body = bodies_.at(number);
      const std::string to = pending_path_for(queue_, "mess", number, shape());
      if (!put(body.path, to)) {
        all = false;
        continue;
      }
      body.path = to;
      body.pending = true;
    }
    return sync() && all;
  }

  // Step 3. Each file finds its message by its number, so the order does not matter.
  bool move_to_places() {
    for (auto& [number, body] : bodies_) {
      if (body.pending || body.number != number) continue;
      const std::string to = path_for(queue_, "mess", number, shape());
      if (body.path != to && put(body.path, to)) body.path = to;
    }
    for (auto& [number, companion] : files_.plain) {
      const std::string to = path_for(queue_, companion.kind, number, shape());
      if (companion.path != to && put(companion.path, to)) companion.path = to;
    }
    return sync();
  }

  void settle() {
    std::set<std::uint64_t> stuck;
    for (const auto& [number, companion] : files_.pending)
      if (!frozen_.contains(number) && !put(companion.path, path_for(queue_, companion.kind, number, shape())))
        stuck.insert(number);
    if (!sync()) return;
    for (const auto& [number, body] : bodies_)
      if (body.pending && !stuck.contains(number)) put(body.path, path_for(queue_, "mess", number, shape()));
    sync();
  }

  void remove_surplus() {
    for (const std::string& part : files_.parts) {
      const std::string kind = part.substr(queue_.size() + 1, part.rfind('/') - queue_.size() - 1);
      const auto number = store::parse_name(part.substr(part.rfind('/') + 1), "", 10);
      if (directory_for(queue_, kind, *number, shape()) == part) continue;
      change(Change::kSurplus, fmt::format("Removing directory [{}]", part), [&]() -> Result<void, int> {
        const auto left = disk_.list(part);
        lost_.insert(directory(part));
        if (left && !left->empty()) return fail(ENOTEMPTY);
        return disk_.remove_directory(part);
      });
    }
    sync();
  }

  bool exists(const std::string& path) {
    const auto file = disk_.open(path, Disk::Open::kRead, 0);
    return file || file.error() != ENOENT;
  }

  std::optional<std::uint64_t> inode_of(const std::string& path) {
    const auto file = disk_.open(path, Disk::Open::kRead, 0);
    const auto facts = file ? (*file)->facts() : fail(int{file.error()});
    return facts ? std::optional(facts->inode) : std::nullopt;
  }

  // In two halves, the second of which is done by sync(): a file has its new name for good before its old one goes.
  // Both names at once are what is left of a renaming when the power went.
  Result<void, int> rename(const std::string& from, const std::string& to) {
    if (exists(to)) {
      const auto there = inode_of(to);
      if (!there || there != inode_of(from)) return fail(EEXIST);
    } else if (auto linked = disk_.link(from, to); !linked) {
      return linked;
    }
    gained_.insert(directory(to));
    old_names_.push_back(from);
    return {};
  }

  // Renames; false if it did not come about.
  bool put(const std::string& from, const std::string& to) {
    return change(Change::kName, fmt::format("Renaming [{}] to [{}]", from, to), [&] { return rename(from, to); });
  }

  template <class Work>
  bool change(Change kind, const std::string& text, Work work) {
    ++tally_.found;
    if (!orders_.approve(kind, text)) return false;
    if (const Result<void, int> done = work(); !done) {
      complain(store::trouble(text, done.error()).what);
      return false;
    }
    ++tally_.changed;
    return true;
  }

  bool sync() {
    if (!sync_directories(gained_)) return old_names_.clear(), false;  // both names stay, and the next run goes on
    bool whole = true;
    for (const std::string& path : std::exchange(old_names_, {})) {
      lost_.insert(directory(path));
      const auto removed = disk_.remove(path);
      if (removed || removed.error() == ENOENT) continue;
      complain(store::trouble("cannot remove " + path, removed.error()).what);
      whole = false;
    }
    return sync_directories(lost_) && whole;
  }

  bool sync_directories(std::set<std::string>& directories) {
    bool whole = true;
    for (const std::string& path : std::exchange(directories, {})) {
      const auto synced = disk_.sync_directory(path);
      if (synced || synced.error() == ENOENT) continue;
      complain(store::trouble("cannot sync " + path, synced.error()).what);
      whole = false;
    }
    return whole;
  }

  Disk& disk_;
  const std::string& queue_;
  const NumberingOrders& orders_;
  MailFiles files_;
  std::map<std::uint64_t, Body> bodies_;               // by the number that they should have
  boost::unordered_flat_set<std::uint64_t> known_;     // numbers in the names of bodies
  boost::unordered_flat_set<std::uint64_t> frozen_;    // numbers that are left alone
  boost::unordered_flat_set<std::uint64_t> expected_;  // numbers to which a message is on its way
  std::vector<std::string> old_names_;                 // to be removed by the next sync()
  std::set<std::string> gained_, lost_;                // directories with new names, and where old ones are gone
  Numbered tally_;
};

}  // namespace

Numbered put_in_order(Disk& disk, const std::string& queue, const NumberingOrders& orders) {
  return Numbering(disk, queue, orders).run();
}

}  // namespace sluice::standstill
