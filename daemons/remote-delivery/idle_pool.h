// IdlePool: sessions that have nothing to do and wait for the next message to their destination. Pure bookkeeping: it
// closes nothing and reads no clock. The one used last is taken first, so that the others may end.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"

namespace sluice::remote {

// Session: anything that a shared_ptr can hold.
template <class Session>
class IdlePool {
 public:
  using Held = std::shared_ptr<Session>;

  // `most`: sessions held at once; 0 keeps none.
  explicit IdlePool(std::size_t most) : most_(most) {}

  // False: the pool is full, the session stays with its caller.
  bool put(const std::string& destination, Held session, MonoTime until) {
    if (size_ >= most_) return false;
    idle_[destination].push_back({std::move(session), until});
    ++size_;
    return true;
  }

  // Null: none is idle for this destination.
  Held take(const std::string& destination) {
    const auto it = idle_.find(destination);
    if (it == idle_.end() || it->second.empty()) return nullptr;
    Held session = std::move(it->second.back().session);
    it->second.pop_back();  // the entry stays for the session's return; collect() drops it if that does not come
    --size_;
    return session;
  }

  // A session that ended while idle; looks at all of them, because it is rare. Null: it was not here.
  Held remove(const Session* session) {
    for (auto& [destination, list] : idle_) {
      const auto it =
          std::find_if(list.begin(), list.end(), [session](const Idle& idle) { return idle.session.get() == session; });
      if (it == list.end()) continue;
      Held removed = std::move(it->session);
      list.erase(it);
      --size_;
      return removed;
    }
    return nullptr;
  }

  // Takes out the sessions whose time is over.
  std::vector<Held> collect(MonoTime now) {
    return extract([now](const Idle& idle) { return idle.until <= now; });
  }

  // Takes out the sessions for which `which(const Session&)` holds.
  template <class Which>
  std::vector<Held> take_if(const Which& which) {
    return extract([&](const Idle& idle) { return which(*idle.session); });
  }

  std::size_t size() const { return size_; }
  // Whether there is anything for collect() to look at, now or later.
  bool empty() const { return idle_.empty(); }

 private:
  struct Idle {
    Held session;
    MonoTime until;
  };

  template <class Which>
  std::vector<Held> extract(const Which& which) {
    std::vector<Held> over;
    erase_if(idle_, [&](auto& entry) {
      auto& list = entry.second;
      for (Idle& idle : list)
        if (which(idle)) over.push_back(std::move(idle.session));
      std::erase_if(list, [](const Idle& idle) { return !idle.session; });
      return list.empty();
    });
    size_ -= over.size();
    return over;
  }

  const std::size_t most_;
  boost::unordered_flat_map<std::string, std::vector<Idle>> idle_;
  std::size_t size_ = 0;
};

}  // namespace sluice::remote
