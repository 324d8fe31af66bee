// Several queues in one simulated instance: one Scheduler each, their limits shared through the table that daemons use,
// in virtual time. What must hold: more queues deliver more; a destination never sees more attempts at once than its
// limit, whichever queues they come from; no queue is kept out; and nothing that waits is forgotten, though queues
// crash and calls get lost.
#include <gtest/gtest.h>

#include <map>
#include <queue>
#include <random>
#include <set>

#include "core/schedule/limit_table.h"
#include "core/schedule/scheduler.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;

struct Setting {
  unsigned queues = 1;
  std::uint32_t concurrency = 20;  // of each queue
  std::uint32_t lane_limit = 20;
  unsigned destinations = 1;
  unsigned messages = 1000;  // of each queue
  Duration service = 50ms;
  Duration call{0};         // how long a call takes from queue to queue
  unsigned calls_lost = 0;  // percent
  unsigned crashes = 0;     // of queues, one a second
  std::uint32_t lane_share = 0;
};

class Instance {
 public:
  Instance(const Setting& setting, std::uint32_t seed) : setting_(setting), random_(seed) {
    policy_.of(Channel::kRemote).limit = setting.concurrency;
    policy_.of(Channel::kRemote).window = {1, 5, setting.lane_limit};
    policy_.of(Channel::kRemote).lane_share = setting.lane_share;
    for (unsigned i = 0; i < setting.queues; ++i) {
      Queue& queue = *queues_.emplace_back(std::make_unique<Queue>());
      for (unsigned m = 1; m <= setting.messages; ++m) queue.undelivered.insert(m);
      start(i);
    }
    for (unsigned i = 0; i < setting.crashes; ++i) crashes_due_.push_back(MonoTime{1s} + i * Duration{1s});
  }

  // Until everything is delivered. Deliveries a second.
  double run() {
    for (unsigned i = 0; i < setting_.queues; ++i) plan(i);
    while (!done()) {
      if (!step() || ::testing::Test::HasFatalFailure()) return 0;
    }
    const auto seconds = std::chrono::duration<double>(now_ - MonoTime{}).count();
    return setting_.queues * setting_.messages / seconds;
  }

  std::uint32_t most_at_once() const { return most_; }
  MonoTime finished(unsigned queue) const { return queues_[queue]->finished; }
  MonoTime now() const { return now_; }

 private:
  struct Event {
    MonoTime when;
    std::uint64_t order;
    unsigned queue;
    unsigned life;
    enum { kSettled, kCalled, kWake } what;
    AttemptId attempt;
    SharedLimits::Row row = SharedLimits::kNoRow;
    std::string destination;
    bool operator>(const Event& other) const { return std::tie(when, order) > std::tie(other.when, other.order); }
  };
  struct Peers final : LimitPeers {
    Instance* instance = nullptr;
    void ring(unsigned column, SharedLimits::Row row) override { instance->call(column, row); }
    void bury() override {}  // who crashed is back already
    void full() override {}
  };
  struct Queue {
    std::unique_ptr<LimitColumn> column;
    std::unique_ptr<Scheduler> scheduler;
    std::set<std::uint64_t> undelivered;
    unsigned life = 0;
    MonoTime finished{};
  };

  bool done() const {
    return std::ranges::all_of(queues_, [](const auto& queue) { return queue->undelivered.empty(); });
  }

  void start(unsigned number) {
    Queue& queue = *queues_[number];
    ++queue.life;
    peers_.instance = this;
    queue.scheduler.reset();
    queue.column = std::make_unique<LimitColumn>(*table_, number, number + 1, peers_);
    queue.scheduler = std::make_unique<Scheduler>(policy_, queue.column.get());
    const std::uint32_t recipient = 0;
    for (const std::uint64_t message : queue.undelivered) {
      const std::string destination = "site" + std::to_string(message % setting_.destinations) + ".example";
      const NewJob job{{Channel::kRemote, destination}, {&recipient, 1}, 0, {}};
      queue.scheduler->accept({MessageId(message), now_, false, "f"}, {&job, 1}, now_);
    }
  }

  void plan(unsigned number) {
    Queue& queue = *queues_[number];
    const Plan& plan = queue.scheduler->plan(now_);
    for (const Start& start : plan.starts) {
      const std::string destination(start.lane.destination);
      most_ = std::max(most_, ++at_once_[destination]);
      ASSERT_LE(at_once_[destination], setting_.lane_limit) << "attempts at once to one destination";
      attempts_[{number, start.attempt}] = start.message.raw();
      add({now_ + setting_.service + Duration(random_() % 5), 0, number, queue.life, Event::kSettled, start.attempt,
           SharedLimits::kNoRow, destination});
    }
    if (plan.wake) add({*plan.wake, 0, number, queue.life, Event::kWake, AttemptId(0), SharedLimits::kNoRow, {}});
  }

  bool step() {
    if (!crashes_due_.empty() && crashes_due_.front() <= now_) crash();
    if (events_.empty()) {
      ADD_FAILURE() << "nothing happens any more";
      return false;
    }
    const Event event = events_.top();
    events_.pop();
    Queue& queue = *queues_[event.queue];
    if (event.life != queue.life) return true;
    if (event.what == Event::kWake && event.when < now_) return true;
    now_ = std::max(now_, event.when);
    if (event.what == Event::kSettled) settle(event);
    if (event.what == Event::kCalled) queue.scheduler->limit_freed(event.row, now_);
    plan(event.queue);
    return true;
  }

  void settle(const Event& event) {
    Queue& queue = *queues_[event.queue];
    --at_once_[event.destination];
    const mail::Verdict delivered = mail::Verdict::kDelivered;
    queue.scheduler->settle(event.attempt, {&delivered, 1}, mail::Trouble::kNone, now_);
    const auto message = attempts_.find({event.queue, event.attempt});
    ASSERT_EQ(queue.undelivered.erase(message->second), 1u) << "delivered twice";
    attempts_.erase(message);
    if (queue.undelivered.empty()) queue.finished = now_;
  }

  // Its attempts end with it, and it starts again at once.
  void crash() {
    crashes_due_.erase(crashes_due_.begin());
    const unsigned number = static_cast<unsigned>(random_() % setting_.queues);
    const unsigned life = queues_[number]->life;
    auto events = std::exchange(events_, {});
    for (; !events.empty(); events.pop()) {
      const Event& event = events.top();
      if (event.queue == number && event.life == life && event.what == Event::kSettled)
        --at_once_[event.destination];
      else
        events_.push(event);
    }
    std::erase_if(attempts_, [&](const auto& attempt) { return attempt.first.first == number; });
    start(number);
    plan(number);
  }

  void call(unsigned queue, SharedLimits::Row row) {
    if (random_() % 100 < setting_.calls_lost) return;
    add({now_ + setting_.call, 0, queue, queues_[queue]->life, Event::kCalled, AttemptId(0), row, {}});
  }

  void add(Event event) {
    event.order = ++order_;
    events_.push(std::move(event));
  }

  Setting setting_;
  std::mt19937 random_;
  Policy policy_;
  std::unique_ptr<LimitTable> table_ = LimitTable::in_memory(3);
  Peers peers_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::map<std::string, std::uint32_t> at_once_;
  std::map<std::pair<unsigned, AttemptId>, std::uint64_t> attempts_;
  std::vector<MonoTime> crashes_due_;
  MonoTime now_{};
  std::uint64_t order_ = 0;
  std::uint32_t most_ = 0;
};

double throughput(const Setting& setting) { return Instance(setting, 1).run(); }

TEST(Scaling, EightQueuesDeliverSevenTimesAsMuchAsOneToManyDestinations) {
  const double one = throughput({.queues = 1, .lane_limit = 2000, .destinations = 500, .messages = 4000});
  for (unsigned queues = 2; queues <= 8; ++queues) {
    const double many = throughput({.queues = queues, .lane_limit = 2000, .destinations = 500, .messages = 4000});
    EXPECT_GE(many, one * queues * 7 / 8) << queues << " queues";
  }
}

TEST(Scaling, EightQueuesDeliverSevenTimesAsMuchAsOneToOneDestinationWithAHighLimit) {
  const double one = throughput({.queues = 1, .lane_limit = 2000, .messages = 4000});
  for (unsigned queues = 2; queues <= 8; ++queues) {
    const double many = throughput({.queues = queues, .lane_limit = 2000, .messages = 4000});
    EXPECT_GE(many, one * queues * 7 / 8) << queues << " queues";
  }
}

TEST(SharedLimit, OneDestinationIsServedAtItsLimitByEightQueuesTogether) {
  Instance instance({.queues = 8, .messages = 500, .call = 1ms}, 1);
  const double rate = instance.run();
  EXPECT_EQ(instance.most_at_once(), 20u);
  EXPECT_GE(rate, 0.9 * 20 / 0.052) << "slots stand empty while messages wait";
}

TEST(SharedLimit, QueuesThatContendFinishTogether) {
  Instance instance({.queues = 8, .messages = 500, .call = 1ms}, 2);
  instance.run();
  for (unsigned queue = 0; queue < 8; ++queue)
    EXPECT_GT(instance.finished(queue) - MonoTime{}, (instance.now() - MonoTime{}) * 8 / 10) << "queue " << queue;
}

TEST(SharedLimit, ALimitOfOneIsSharedByEightQueuesInTurn) {
  Instance instance({.queues = 8, .lane_limit = 1, .messages = 50}, 3);
  EXPECT_GE(instance.run(), 0.9 / 0.052);
  for (unsigned queue = 0; queue < 8; ++queue)
    EXPECT_GT(instance.finished(queue) - MonoTime{}, (instance.now() - MonoTime{}) * 9 / 10) << "queue " << queue;
}

TEST(SharedLimit, LostCallsDelayByASecondAtMost) {
  Instance instance({.queues = 8, .messages = 500, .calls_lost = 10}, 4);
  EXPECT_GE(instance.run(), 100.0);
  EXPECT_LE(instance.most_at_once(), 20u);
}

TEST(SharedLimit, EverythingIsDeliveredWhenNoCallEverArrives) {
  Instance instance({.queues = 3, .lane_limit = 2, .messages = 60, .calls_lost = 100}, 5);
  EXPECT_GT(instance.run(), 0);
}

TEST(SharedLimit, HoldsThroughCrashesLostCallsAndFullChannelsInManyWorlds) {
  for (std::uint32_t seed = 1; seed <= 60 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto draw = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
    Setting setting;
    setting.queues = 1 + draw(8);
    setting.concurrency = 2 + draw(30);
    setting.lane_limit = 1 + draw(25);
    setting.destinations = 1 + draw(12);
    setting.messages = 20 + draw(400);
    setting.service = Duration(1 + draw(draw(2) == 0 ? 3000 : 100));
    setting.call = Duration(draw(20));
    setting.calls_lost = draw(3) == 0 ? draw(60) : 0;
    setting.crashes = draw(2) == 0 ? draw(12) : 0;
    setting.lane_share = draw(4);
    EXPECT_GT(Instance(setting, seed).run(), 0);
  }
}

}  // namespace
}  // namespace sluice::schedule
