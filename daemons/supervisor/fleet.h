// Fleet: the queues of one group. Static: as many as QUEUE_COUNT (or the group) says, always. Dynamic: the places 0 to
// count()-1 are in use, that is offered to clients (offer.h), and core/supervise/scaling.h decides from their load how
// many that are; those behind drain, retire and are looked after: what another program puts into the todo directory of
// a retired queue is found within 20 s, and the queue is started to deliver it. Place p is the queue of number (first
// of the group) + p.
//
// At the start every queue directory from QUEUE_START on is run, also beyond QUEUE_COUNT or QUEUE_MAX, which may have
// been lowered since, so that nothing in it is forgotten. No trouble of one queue concerns another.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/supervise/queue_set.h"
#include "core/supervise/scaling.h"
#include "fleet_queue.h"
#include "instance.h"
#include "offer.h"
#include "system/layout/owners.h"
#include "system/net/loop.h"

namespace sluice::supervisor {

// What of the settings counts at once when they are read again.
struct FleetLimits {
  unsigned queue_count = 1, queue_max = 1;
  unsigned max_load = 90;
  Duration error_interval{5'000};
};

class Fleet {
 public:
  // `instance`, `group` (one of the instance's) and `owners` are not owned. on_loads: what other programs say of the
  // loads of queues, of any group; only the default group hears it.
  Fleet(net::Loop& loop, const Instance& instance, const groups::Group& group, const layout::Owners& owners,
        const FleetLimits& limits, Offer::OnLoads on_loads);
  ~Fleet();

  void start();
  void set_limits(const FleetLimits& limits);
  // Every queue in use takes mail, or will not soon.
  bool settled() const;
  const groups::Group& group() const { return group_; }

  bool ended(pid_t pid, int status);  // a process; false: not one of its own
  void forward(int signo);
  void stop(std::function<void()> then);
  bool has(unsigned number) const;
  void loads(std::span<const link::LoadMessage> messages);
  // By its number; false: no such queue runs.
  Result<void, std::string> pause(unsigned number, bool on);

  // What `sluice status` shows: an object for the whole, and one for each queue.
  nlohmann::json describe() const;
  std::vector<nlohmann::json> reports() const;

 private:
  struct Left {  // what was found in the todo directory of a retired queue when it was started last
    std::vector<std::string> names;
    MonoTime when{};
  };

  FleetQueue& add(unsigned place, bool draining);
  FleetQueue::Events events_of(unsigned place);
  FleetQueue* at(unsigned place) const;
  std::vector<supervise::PlaceState> states() const;
  std::string directory_of(unsigned place) const;
  unsigned number_of(unsigned place) const { return group_.first + place; }
  bool is_ours(unsigned number) const;            // a queue of this number would be this group's
  std::vector<groups::FoundQueue> found() const;  // on disk, in this group's directories

  void first_count();
  void say_start() const;
  void start_others();
  void run_beyond_count(unsigned place);
  void say_what_is_not_run(const std::vector<groups::FoundQueue>& queues) const;

  void follow_load();
  void look();  // asks for a decision and carries it out
  void carry_out(const supervise::Decision& decision);
  void grow(const supervise::Decision& decision);
  void drain(const supervise::Decision& decision);
  void say_ceiling(const supervise::Decision& decision);
  void count_changed();
  void remember_count();
  void put_offer();
  void retire(unsigned place, pid_t pid);
  void look_at_retired();

  net::Loop& loop_;
  const Instance& instance_;
  const groups::Group& group_;
  const layout::Owners& owners_;
  FleetLimits limits_;
  supervise::CountBounds bounds_;
  supervise::Scaling scaling_;
  std::map<unsigned, std::unique_ptr<FleetQueue>> queues_;  // by place
  std::map<unsigned, Left> left_;
  unsigned count_ = 0;
  unsigned offered_ = 0;  // so many of them have been ready at some time
  std::optional<unsigned> remembered_;
  Offer offer_;
  net::Timer looks_, retired_looks_, remember_again_;
  std::set<std::string> notes_;  // that were said, without the names of queues
  std::string complaint_;        // about the control file
  std::optional<MonoTime> ceiling_said_;
  bool stopping_ = false;
};

}  // namespace sluice::supervisor
