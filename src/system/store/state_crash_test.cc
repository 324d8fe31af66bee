// The state log at every operation where the disk may fail or the power may go: what was synced is loaded again, in
// order, and snapshots lose nothing. The model is an image of counters: record "k=v" sets k to v, as idempotent as the
// real one.
#include <gtest/gtest.h>

#include <map>

#include "system/store/file_store.h"
#include "system/store/memory_disk.h"

namespace sluice::store {
namespace {

using Model = std::map<std::string, int>;

Options options_for(MemoryDisk& disk) {
  Options options;
  options.disk = &disk;
  options.snapshot_threshold = 300;
  return options;
}

void apply(Model& model, Octets record) {
  const std::size_t equals = record.find('=');
  ASSERT_NE(equals, Octets::npos);
  model[std::string(record.substr(0, equals))] = std::stoi(std::string(record.substr(equals + 1)));
}

class Load {
 public:
  const Model& synced() const { return synced_; }
  const Model& appended() const { return newest_; }

  // Can be run again on the same disk: a later life of the same process. Values go on growing.
  void run(MemoryDisk& disk, int rounds) {
    live_.clear();
    auto log = open_state_log("q", options_for(disk)).value();
    const auto ignore = [](const std::string&) {};
    if (!log->load([this](Octets record) { apply(live_, record); }, ignore)) return;
    for (int round = 0; round < rounds; ++round) {
      set(*log, "a" + std::to_string(round % 7));
      if (round % 3 == 0) sync(*log);
      if (log->wants_snapshot()) snapshot(*log);
    }
    sync(*log);
  }

 private:
  void set(StateLog& log, const std::string& name) {
    live_[name] = newest_[name] = ++value_;
    log.append(name + '=' + std::to_string(value_));
  }
  void sync(StateLog& log) {
    if (log.sync()) synced_ = live_;
  }
  // In slices, with records between them.
  void snapshot(StateLog& log) {
    if (!log.snapshot_begin()) return;
    Model::const_iterator at;
    std::string last;
    while ((at = live_.upper_bound(last)) != live_.end()) {
      last = at->first;
      if (!log.snapshot_append(at->first + '=' + std::to_string(at->second))) return;
      set(log, "b" + std::to_string(value_ % 5));
      if (last > "a3") sync(log);
    }
    if (log.snapshot_finish()) synced_ = live_;
  }

  int value_ = 0;
  Model live_, newest_, synced_;
};

Model loaded(MemoryDisk& disk, std::vector<std::string>& complaints) {
  Model model;
  auto log = open_state_log("q", options_for(disk)).value();
  const auto done = log->load([&](Octets record) { apply(model, record); },
                              [&](const std::string& what) { complaints.push_back(what); });
  EXPECT_TRUE(done) << done.error().what;
  return model;
}

// Every value is at least as new as what was synced: values only grow in this load.
void check_recovered(MemoryDisk& disk, const Load& load) {
  std::vector<std::string> complaints;
  const Model model = loaded(disk, complaints);
  for (const auto& [name, value] : load.synced()) {
    const auto found = model.find(name);
    ASSERT_NE(found, model.end()) << name << " is lost";
    ASSERT_GE(found->second, value) << name << " is old";
    ASSERT_LE(found->second, load.appended().at(name));
  }
}

std::uint64_t operations_of_a_whole_run(int rounds) {
  MemoryDisk disk;
  Load load;
  load.run(disk, rounds);
  return disk.operations();
}

constexpr int kRounds = 120;

TEST(StatePowerLoss, AtAnyOperationLosesNothingThatWasSynced) {
  const std::uint64_t operations = operations_of_a_whole_run(kRounds);
  std::mt19937_64 chance(3);
  for (std::uint64_t at = 1; at <= operations; ++at) {
    for (const bool kind : {false, true, true, true}) {
      MemoryDisk disk;
      Load load;
      disk.lose_power_at(at);
      EXPECT_THROW(load.run(disk, kRounds), PowerLoss);
      disk.power_loss(kind ? &chance : nullptr);
      check_recovered(disk, load);
      if (HasFatalFailure()) FAIL() << "power lost at operation " << at;
    }
  }
}

TEST(StatePowerLoss, AgainAndAgainLosesNothing) {
  std::mt19937_64 chance(4);
  for (int history = 0; history < 200; ++history) {
    MemoryDisk disk;
    Load load;
    for (int life = 0; life < 6; ++life) {
      disk.lose_power_at(disk.operations() + 1 + chance() % 60);
      try {
        load.run(disk, kRounds);
      } catch (const PowerLoss&) {
      }
      disk.power_loss(&chance);
      check_recovered(disk, load);
      if (HasFatalFailure()) FAIL() << "history " << history << ", life " << life;
    }
  }
}

TEST(StateFault, AtAnyOperationLosesNothing) {
  const std::uint64_t operations = operations_of_a_whole_run(kRounds);
  for (std::uint64_t at = 1; at <= operations; ++at) {
    MemoryDisk disk;
    Load load;
    disk.fail_at(at, EIO);
    load.run(disk, kRounds);
    disk.power_loss();
    check_recovered(disk, load);
    if (HasFatalFailure()) FAIL() << "fault at operation " << at;
  }
}

TEST(StateFault, RecordsOfAFailedSyncAreWrittenAgain) {
  MemoryDisk disk;
  {
    auto log = open_state_log("q", options_for(disk)).value();
    ASSERT_TRUE(log->load([](Octets) {}, [](const std::string&) {}));
    log->append("a=1");
    disk.fail_always(ENOSPC);
    const auto refused = log->sync();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().what.find("No space left on device"), std::string::npos);
    log->append("b=2");
    ASSERT_FALSE(log->sync());
    disk.clear_faults();
    ASSERT_TRUE(log->sync());
  }
  disk.power_loss();
  std::vector<std::string> complaints;
  EXPECT_EQ(loaded(disk, complaints), (Model{{"a", 1}, {"b", 2}}));
  EXPECT_TRUE(complaints.empty());
}

TEST(StateDamage, OfOneRecordSetsItAsideAndKeepsTheOthers) {
  MemoryDisk disk;
  {
    auto log = open_state_log("q", options_for(disk)).value();
    ASSERT_TRUE(log->load([](Octets) {}, [](const std::string&) {}));
    for (const char* record : {"a=1", "b=2", "c=3", "d=4"}) log->append(record);
    ASSERT_TRUE(log->sync());
  }
  std::string& file = disk.content("q/state/1.log");
  file[file.find("b=2")] ^= 1;       // a payload
  file[file.find("c=3") - 12] ^= 1;  // a frame header
  std::vector<std::string> complaints;
  EXPECT_EQ(loaded(disk, complaints), (Model{{"a", 1}, {"d", 4}}));
  EXPECT_EQ(complaints.size(), 1u) << "they touch, so it is one damaged place";
}

TEST(StateDamage, OfAWholeHeaderIsSaidLoudly) {
  MemoryDisk disk;
  {
    auto log = open_state_log("q", options_for(disk)).value();
    ASSERT_TRUE(log->load([](Octets) {}, [](const std::string&) {}));
    log->append("a=1");
    ASSERT_TRUE(log->sync());
  }
  disk.content("q/state/1.log")[0] ^= 1;
  std::vector<std::string> complaints;
  EXPECT_TRUE(loaded(disk, complaints).empty());
  EXPECT_EQ(complaints.size(), 1u);
}

}  // namespace
}  // namespace sluice::store
