// The scheduler in a simulated world: thousands of random workloads in virtual time, with destinations that are fast,
// slow, dead for a while, or broken, under both policies of retrying, and with operators who interfere and runs of
// every kind. What must hold is checked at every step:
//
//   nothing is lost, nothing is delivered twice, no limit is exceeded, a destination's attempts stay within its rate,
//   whatever waits is woken, counters agree with what is really there, the same seed gives the same log, and memory
//   returns to zero.
#include <gtest/gtest.h>

#include <map>
#include <queue>
#include <random>

#include "core/schedule/scheduler.h"

namespace sluice::schedule {
namespace {

using namespace std::chrono_literals;
using mail::Trouble;
using mail::Verdict;

struct Site {
  Channel channel = Channel::kRemote;
  std::string name;
  Duration service{};      // the longest that an attempt takes
  MonoTime dead_until{};   // attempts that end before cannot reach it
  unsigned deferrals = 0;  // percent of recipients
  unsigned failures = 0;
  unsigned troubles = 0;  // percent of attempts that end in trouble
};

class World {
 public:
  explicit World(std::uint32_t seed) : random_(seed), scheduler_(random_policy()) {
    const int sites = 1 + static_cast<int>(draw(12));
    for (int i = 0; i < sites; ++i) sites_.push_back(random_site(i));
    to_send_ = 1 + draw(120);
  }

  // Runs until all is done. Returns a digest of everything that the scheduler said.
  std::uint64_t run() {
    for (int steps = 0; steps < 200'000; ++steps) {
      if (to_send_ > 0 && draw(3) == 0) send();
      if (draw(20) == 0) interfere();
      plan();
      check_limits();
      if (::testing::Test::HasFatalFailure()) return 0;
      if (to_send_ == 0 && open_.empty()) return finish();
      if (!advance()) settle_next();
    }
    ADD_FAILURE() << "not done: " << open_.size() << " messages, " << running_.size() << " in flight";
    return 0;
  }

 private:
  enum class Fate { kWaiting, kInFlight, kDelivered, kFailed, kRemoved };
  struct Mail {
    MonoTime birth{};
    Terms terms = Terms::kNormal;
    bool removed = false;
    bool late = false;
    bool given_up = false;
    bool queue_only = false;
    bool was_run = false;  // by a queue run, whether or not that found something to do
    std::vector<Fate> fates;
    std::vector<std::size_t> sites;
    bool open() const {
      return std::ranges::any_of(fates, [](Fate fate) { return fate == Fate::kWaiting || fate == Fate::kInFlight; });
    }
  };
  struct Running {
    MonoTime end{};
    AttemptId attempt;
    MonoTime began{};
    std::uint64_t message = 0;
    std::size_t site = 0;
    std::vector<std::uint32_t> recipients;
    bool operator>(const Running& other) const { return std::pair(end, attempt) > std::pair(other.end, other.attempt); }
  };

  std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  void say(std::uint64_t value) { digest_ = (digest_ ^ value) * 0x9E3779B97F4A7C15ULL + (digest_ >> 29); }
  void say(MonoTime time) { say(static_cast<std::uint64_t>(time.time_since_epoch().count())); }

  Policy random_policy() {
    Policy policy;
    for (ChannelPolicy& channel : policy.channels) {
      channel.limit = 1 + draw(24);
      channel.window = {1 + draw(3), 1 + draw(8), 1 + draw(24)};
      channel.lane_share = draw(5);
      if (draw(4) == 0) channel.rate = {1 + draw(60), 1min, 1 + draw(4)};
    }
    policy.recipients_per_attempt = 1 + draw(5);
    for (Lifetime& lifetime : policy.lifetimes) {
      lifetime.end = std::chrono::minutes(30 + draw(6000));
      if (draw(2) == 0) lifetime.warning = std::chrono::minutes(1 + draw(300));
    }
    if (draw(2) == 0) policy.retry = Retry::kRuns;
    if (draw(3) == 0) policy.ages = {std::chrono::minutes(draw(60)), std::chrono::minutes(draw(240))};
    if (draw(8) == 0) policy.channels[draw(kChannels)].hold = static_cast<LaneHold>(draw(3));
    if (draw(3) == 0) policy.load_gate = LoadGate{static_cast<double>(draw(10)), 600'000};
    policy.of(Terms::kReport).end = std::chrono::minutes(draw(600));
    policy.flow_weights = {{"flow1", 1 + draw(4)}};
    if (draw(2) == 0)
      policy.lane_rules = {{Channel::kRemote, "site1", 1 + draw(3), Rate{10, 1min, 2}, static_cast<LaneHold>(draw(3))}};
    return policy;
  }

  Site random_site(int number) {
    Site site;
    site.channel = static_cast<Channel>(draw(3));
    site.name = "site" + std::to_string(number);
    site.service = Duration(1 + (draw(3) == 0 ? draw(600'000) : draw(2000)));
    if (draw(3) == 0) site.dead_until = MonoTime{std::chrono::minutes(draw(3000))};
    if (draw(2) == 0) site.deferrals = draw(60);
    if (draw(2) == 0) site.failures = draw(30);
    if (draw(3) == 0) site.troubles = draw(50);
    return site;
  }

  void send() {
    --to_send_;
    const std::uint64_t id = ++last_id_;
    Mail mail;
    mail.birth = now_ - std::chrono::seconds(draw(4) == 0 ? draw(9000) : 0);
    NewMessage message;
    message.id = MessageId(id);
    message.arrival = mail.birth;
    message.null_sender = draw(8) == 0;
    message.urgency = static_cast<mail::Urgency>(draw(3));
    message.priority = static_cast<std::int64_t>(draw(1'000'000)) - 200'000;
    mail.queue_only = draw(8) == 0;
    if (mail.queue_only) message.mode = mail::DeliveryMode::kQueueOnly;
    mail.terms = terms_of(message.urgency, message.null_sender);
    const std::uint32_t recipients = 1 + (draw(4) == 0 ? draw(30) : 0);
    std::map<std::size_t, std::vector<std::uint32_t>> grouped;
    for (std::uint32_t i = 0; i < recipients; ++i) {
      mail.sites.push_back(draw(static_cast<std::uint32_t>(sites_.size())));
      mail.fates.push_back(Fate::kWaiting);
      grouped[mail.sites.back()].push_back(i);
    }
    std::vector<NewJob> jobs;
    for (const auto& [site, indices] : grouped)
      jobs.push_back({{sites_[site].channel, sites_[site].name},
                      indices,
                      0,
                      draw(10) == 0 ? std::optional(now_ + std::chrono::seconds(draw(500))) : std::nullopt});
    const std::string flow = "flow" + std::to_string(draw(4));
    message.flow = flow;
    ASSERT_TRUE(scheduler_.accept(message, jobs, now_));
    open_.emplace(id, std::move(mail));
  }

  void interfere() {
    const Site& site = sites_[draw(static_cast<std::uint32_t>(sites_.size()))];
    const LaneKey lane{site.channel, site.name};
    const MessageId id(1 + draw(static_cast<std::uint32_t>(last_id_ + 1)));
    switch (draw(13)) {
      case 0:
        scheduler_.suspend(lane, now_);
        suspended_.push_back({site.channel, site.name});
        break;
      case 1:
        if (scheduler_.hold(id, now_)) held_.push_back(id);
        break;
      case 2:
        scheduler_.hold_channel(site.channel, true, now_);
        break;
      case 3:
        scheduler_.set_policy(random_policy(), now_);
        above_limit_.fill(true);
        break;
      case 4:
        say(scheduler_.run_all(now_));
        for (auto& [_, mail] : open_) mail.was_run = true;
        break;
      case 5:
        say(scheduler_.run_lane(lane, now_));
        for (auto& [_, mail] : open_) mail.was_run = true;
        break;
      case 6:
        remove(id);
        break;
      case 7:
      case 8:
        run_one(id);
        break;
      case 9:
        run_some_of(id);
        break;
      case 10:
        give_up(id);
        break;
      case 11:
        scheduler_.set_load(draw(20), now_);
        break;
      default:
        abandon_one();
    }
    if (draw(2) == 0) undo();
  }

  RunOptions random_options() {
    RunOptions options{.selective = draw(2) == 0, .probe = draw(2) == 0};
    if (draw(2) == 0) options.min_age = std::chrono::minutes(draw(30));
    if (draw(4) == 0) options.max_age = std::chrono::minutes(draw(120));
    return options;
  }

  // What a run finds is what was foretold, and it finds it once.
  void run_one(MessageId id) {
    const RunOptions options = random_options();
    const Prospect prospect = scheduler_.prospect(id, options, now_);
    const auto mail = open_.find(id.raw());
    ASSERT_EQ(prospect.kind == Prospect::Kind::kUnknown, mail == open_.end());
    if (mail != open_.end()) mail->second.was_run = true;
    const std::size_t woken = scheduler_.run(std::vector{id}, options, now_);
    say(woken);
    if (woken > 0) {
      ASSERT_EQ(prospect.kind, Prospect::Kind::kEligible);
    }
    if (prospect.kind == Prospect::Kind::kYoung) {
      ASSERT_GT(prospect.young_for, Duration::zero());
    }
    ASSERT_EQ(scheduler_.run(std::vector{id}, options, now_), 0u);
    const Whereabouts found = scheduler_.whereabouts(id);
    const auto told = scheduler_.explain(id);
    ASSERT_EQ(found.known, told.has_value());
    if (told) {
      ASSERT_EQ(found.in_flight + found.waiting + found.blocked + found.asleep, told->jobs.size());
    }
  }

  void run_some_of(MessageId id) {
    const auto mail = open_.find(id.raw());
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t recipient = 0; recipient < 30; ++recipient)
      if (draw(2) == 0) wanted.push_back(recipient);
    if (mail != open_.end()) mail->second.was_run = true;
    say(scheduler_.run_recipients(id, wanted, random_options(), now_));
  }

  void give_up(MessageId id) {
    const std::size_t given_up = scheduler_.give_up(std::vector{id}, now_);
    if (given_up == 0) return;
    ASSERT_TRUE(open_.contains(id.raw()));
    open_.at(id.raw()).given_up = true;
  }

  // Whatever waits for an operator, a run, or the load is let go.
  void free_all() {
    undo();
    scheduler_.set_load(0, now_);
    if (scheduler_.policy().load_gate) scheduler_.set_policy(unloaded(scheduler_.policy()), now_);
    std::vector<MessageId> ids;
    for (auto& [id, mail] : open_) ids.emplace_back(id), mail.was_run = true;
    std::sort(ids.begin(), ids.end());
    say(scheduler_.run(ids, {.selective = true}, now_));
  }
  static Policy unloaded(Policy policy) {
    policy.load_gate.reset();
    return policy;
  }

  void undo() {
    for (const auto& [channel, name] : suspended_) scheduler_.resume({channel, name}, now_);
    for (const MessageId id : held_) scheduler_.release(id, now_);
    for (std::size_t channel = 0; channel < kChannels; ++channel)
      scheduler_.hold_channel(static_cast<Channel>(channel), false, now_);
    suspended_.clear();
    held_.clear();
  }

  void remove(MessageId id) {
    const auto removal = scheduler_.remove(id, now_);
    const auto mail = open_.find(id.raw());
    ASSERT_EQ(removal == Scheduler::Removal::kUnknown, mail == open_.end());
    if (mail == open_.end()) return;
    mail->second.removed = true;
    for (Fate& fate : mail->second.fates)
      if (fate == Fate::kWaiting) fate = Fate::kRemoved;
    ASSERT_EQ(removal == Scheduler::Removal::kWhenSettled, mail->second.open());
    if (!mail->second.open()) open_.erase(mail);
  }

  void abandon_one() {
    if (running_.empty()) return;
    const Running run = running_.top();
    running_.pop();
    const Settled settled = scheduler_.abandon(run.attempt, now_ + 3s, now_);
    ASSERT_TRUE(settled.known);
    Mail& mail = open_.at(run.message);
    for (const std::uint32_t recipient : run.recipients)
      mail.fates[recipient] = mail.removed ? Fate::kRemoved : Fate::kWaiting;
    close_if_done(run.message, settled.message_done);
  }

  void plan() {
    const Plan& plan = scheduler_.plan(now_);
    wake_ = plan.wake;
    for (const Start& start : plan.starts) {
      Running run;
      run.attempt = start.attempt;
      run.began = now_;
      run.message = start.message.raw();
      run.site = site_named(start.lane.destination);
      const Site& site = sites_[run.site];
      run.end = now_ + Duration(1 + draw(static_cast<std::uint32_t>(site.service.count())));
      ASSERT_EQ(site.channel, start.lane.channel);
      ASSERT_LE(start.count, scheduler_.policy().recipients_per_attempt);
      Mail& mail = open_.at(run.message);
      for (const std::uint32_t recipient : plan.recipients_of(start)) {
        ASSERT_EQ(mail.fates[recipient], Fate::kWaiting);
        ASSERT_EQ(mail.sites[recipient], run.site);
        ASSERT_TRUE(mail.was_run || !mail.queue_only);
        ASSERT_FALSE(mail.given_up);
        mail.fates[recipient] = Fate::kInFlight;
        run.recipients.push_back(recipient);
        say(recipient);
      }
      say(start.attempt.raw() << 32 ^ run.message);
      say(now_);
      running_.push(std::move(run));
    }
    for (const Expired& expired : plan.expired) {
      Mail& mail = open_.at(expired.message.raw());
      ASSERT_TRUE(expired.given_up || now_ >= mail.birth + scheduler_.policy().lifetime(mail.terms));
      ASSERT_EQ(expired.given_up, mail.given_up);
      for (const std::uint32_t recipient : plan.recipients_of(expired)) {
        ASSERT_EQ(mail.fates[recipient], Fate::kWaiting);
        mail.fates[recipient] = Fate::kFailed;
      }
      say(expired.message.raw());
      close_if_done(expired.message.raw(), expired.message_done);
    }
    for (const MessageId id : plan.late) {
      Mail& mail = open_.at(id.raw());
      ASSERT_TRUE(!mail.late && !mail.removed && mail.terms != Terms::kReport && mail.open());
      ASSERT_EQ(std::ranges::count(mail.fates, Fate::kInFlight), 0);
      ASSERT_EQ(std::ranges::count(held_, id), 0);
      ASSERT_GE(now_, mail.birth + *scheduler_.policy().warning(mail.terms));
      mail.late = true;
      say(id.raw());
    }
  }

  std::size_t site_named(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::find(sites_, name, &Site::name) - sites_.begin());
  }

  void close_if_done(std::uint64_t id, bool said_done) {
    ASSERT_EQ(said_done, !open_.at(id).open());
    if (said_done) open_.erase(id);
  }

  // Moves time to the next event: an attempt's end, a wake-up, or a while later. False: an attempt ends now.
  bool advance() {
    MonoTime next = now_ + (to_send_ > 0 ? Duration(draw(20'000)) : Duration(10min));
    if (wake_) next = std::min(next, *wake_);
    // Only a command or a run can help. (A wake-up may be that for a lifetime, which helps nobody who waits for a run.)
    if (running_.empty() && to_send_ == 0 && (!wake_ || draw(20) == 0)) free_all();
    if (!running_.empty() && running_.top().end <= next) {
      now_ = std::max(now_, running_.top().end);
      return false;
    }
    now_ = std::max(now_, next);
    return true;
  }

  void settle_next() {
    const Running run = running_.top();
    running_.pop();
    const Site& site = sites_[run.site];
    Mail& mail = open_.at(run.message);
    const bool dead = now_ < site.dead_until;
    const bool trouble = dead || draw(100) < site.troubles;
    std::vector<Verdict> verdicts;
    for (std::size_t i = 0; i < run.recipients.size(); ++i) {
      const std::uint32_t chance = draw(100);
      verdicts.push_back(trouble || chance < site.deferrals        ? Verdict::kDeferred
                         : chance < site.deferrals + site.failures ? Verdict::kFailed
                                                                   : Verdict::kDelivered);
    }
    const auto kind = dead ? Trouble::kUnreachable : trouble ? static_cast<Trouble>(1 + draw(3)) : Trouble::kNone;
    const Settled settled = scheduler_.settle(run.attempt, verdicts, kind, now_);
    ASSERT_TRUE(settled.known);
    ASSERT_EQ(settled.message.raw(), run.message);
    ASSERT_EQ(settled.recipients.size(), run.recipients.size());
    for (std::size_t i = 0; i < run.recipients.size(); ++i) {
      const auto& [recipient, verdict, too_old] = settled.recipients[i];
      ASSERT_EQ(recipient, run.recipients[i]);
      ASSERT_EQ(mail.fates[recipient], Fate::kInFlight);
      const bool is_old = mail.given_up || run.began >= mail.birth + scheduler_.policy().lifetime(mail.terms);
      ASSERT_EQ(too_old, verdicts[i] == Verdict::kDeferred && is_old);
      ASSERT_EQ(verdict, too_old ? Verdict::kFailed : verdicts[i]);
      mail.fates[recipient] = verdict == Verdict::kDelivered ? Fate::kDelivered
                              : verdict == Verdict::kFailed  ? Fate::kFailed
                              : mail.removed                 ? Fate::kRemoved
                                                             : Fate::kWaiting;
    }
    if (settled.next) {
      ASSERT_EQ(settled.waits_for_run, *settled.next <= now_);
      say(*settled.next);
    }
    close_if_done(run.message, settled.message_done);
  }

  void check_limits() {
    std::size_t total = 0;
    for (std::size_t i = 0; i < kChannels; ++i) {
      const ChannelStatus status = scheduler_.status(static_cast<Channel>(i));
      if (status.in_flight <= status.limit) above_limit_[i] = false;
      ASSERT_TRUE(status.in_flight <= status.limit || above_limit_[i]);  // lowered: it may only fall
      total += status.in_flight;
      std::size_t jobs = 0;
      for (const std::size_t count : status.waiting) {
        ASSERT_LT(count, 1'000'000u);
        jobs += count;
      }
      all_jobs_[i] = jobs;
    }
    ASSERT_EQ(total, running_.size());
    ASSERT_EQ(all_jobs_[0] + all_jobs_[1] + all_jobs_[2], scheduler_.jobs());
    ASSERT_EQ(scheduler_.messages(), open_.size());
    std::size_t in_lanes = 0;
    for (const LaneStatus& lane : scheduler_.lane_statuses()) {
      in_lanes += lane.jobs;
      std::uint32_t& before = lane_in_flight_[lane.destination];
      ASSERT_TRUE(lane.in_flight <= lane.limit || lane.in_flight <= before) << lane.destination;
      before = lane.in_flight;
      // Something frees whatever waits: nothing is ready, or the reason says what.
      ASSERT_EQ(lane.ready == 0, lane.reason == Reason::kNone) << lane.destination;
      if (lane.reason == Reason::kLaneWindow) {
        ASSERT_GT(lane.in_flight, 0u);
      }
      if (lane.reason == Reason::kLaneBackoff || lane.reason == Reason::kLaneRate) {
        ASSERT_TRUE(wake_.has_value() || lane.in_flight > 0);
      }
    }
    ASSERT_EQ(in_lanes, scheduler_.jobs());
  }

  std::uint64_t finish() {
    EXPECT_TRUE(running_.empty());
    undo();
    for (int i = 0; i < 20 && scheduler_.lanes() > 0; ++i) {  // back-offs and rates that are still remembered
      now_ = std::max(now_, wake_.value_or(now_));
      plan();
    }
    EXPECT_EQ(scheduler_.messages(), 0u);
    EXPECT_EQ(scheduler_.jobs(), 0u);
    EXPECT_EQ(scheduler_.lanes(), 0u);
    EXPECT_EQ(scheduler_.flows(), 0u);
    EXPECT_FALSE(wake_);
    EXPECT_LE(scheduler_.octets(), 100'000u);  // one spare chunk of each kind of record
    return digest_;
  }

  std::mt19937 random_;
  Scheduler scheduler_;
  std::vector<Site> sites_;
  std::map<std::uint64_t, Mail> open_;
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  std::vector<std::pair<Channel, std::string>> suspended_;
  std::vector<MessageId> held_;
  std::array<bool, kChannels> above_limit_{};
  std::array<std::size_t, kChannels> all_jobs_{};
  std::map<std::string, std::uint32_t> lane_in_flight_;
  std::uint32_t to_send_ = 0;
  std::uint64_t last_id_ = 0;
  MonoTime now_{};
  std::optional<MonoTime> wake_;
  std::uint64_t digest_ = 0;
};

TEST(SimulatedWorlds, LoseNothingRepeatNothingAndKeepEveryLimit) {
  for (std::uint32_t seed = 1; seed <= 3000; ++seed) {
    World(seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(SimulatedWorlds, OfTheSameSeedSayTheSame) {
  for (std::uint32_t seed = 5000; seed < 5100; ++seed) ASSERT_EQ(World(seed).run(), World(seed).run()) << seed;
}

}  // namespace
}  // namespace sluice::schedule
