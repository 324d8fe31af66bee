#include "system/ipc/offered_queues.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/ipc/names_for_tests.h"

namespace sluice::ipc {
namespace {

settings::Settings settings_with(const TestNames& names) {
  settings::Settings settings;
  settings.ipc_prefix = names.prefix;
  settings.run_dir = ::testing::TempDir();  // root's, or of another user: only root's and its owner's objects count
  settings.queue_start = 1;
  settings.queue_count = 2;
  return settings;
}

// Counts that belong to root or to whoever owns the run directory. Without root the temporary directory is root's.
bool can_publish() { return ::geteuid() == 0; }

SharedCounts publish(const TestNames& names, std::int32_t in_use) {
  auto counts = SharedCounts::make(names("qscheduler"), link::SchedulerCounts::kOctets, own(0644));
  EXPECT_TRUE(counts->put(link::SchedulerCounts{in_use, in_use}));
  return std::move(*counts);
}

SharedCounts publish(const TestNames& names, const char* queue, link::QueueCounts values) {
  auto counts = SharedCounts::make(names(queue), link::QueueCounts::kOctets, own(0644));
  EXPECT_TRUE(counts->put(values));
  return std::move(*counts);
}

OfferedQueues offer_of(const settings::Settings& settings) {
  return offered_queues(settings, groups::Groups(settings).default_group());
}

TEST(OfferedQueues, AreTheStaticOnesWithoutSharedMemory) {
  const TestNames names("static");
  const auto offered = offer_of(settings_with(names));
  EXPECT_FALSE(offered.dynamic);
  ASSERT_EQ(offered.queues.size(), 2u);
  EXPECT_EQ(offered.queues[1].number, 2u);
  EXPECT_EQ(offered.queues[1].state.load, 0u);
}

TEST(OfferedQueues, AreThoseThatTheSchedulerCountsWithTheirLoad) {
  if (!can_publish()) GTEST_SKIP();
  const TestNames names("dynamic");
  publish(names, 3);
  publish(names, "queue1", {5, 0, 10, 10, 0});
  publish(names, "queue2", {0, 0, 10, 10, 1});
  const auto offered = offer_of(settings_with(names));
  EXPECT_TRUE(offered.dynamic);
  ASSERT_EQ(offered.queues.size(), 3u);
  EXPECT_EQ(offered.queues[0].state.load, select::kFullChannel / 2);
  EXPECT_EQ(offered.queues[1].state.load, select::kLastResort) << "disabled";
  EXPECT_EQ(offered.queues[2].state.load, select::kLastResort) << "publishes nothing";
}

TEST(OfferedQueues, BeginWithTheFirstOfTheSettings) {
  if (!can_publish()) GTEST_SKIP();
  const TestNames names("start");
  publish(names, 2);
  auto settings = settings_with(names);
  settings.queue_start = 7;
  EXPECT_EQ(offer_of(settings).queues.front().number, 7u);
  settings.queue_start = 1023;
  EXPECT_FALSE(offer_of(settings).dynamic) << "there is no queue 1024";
}

TEST(OfferedQueues, OfAnObjectWithoutSenseAreTheStaticOnes) {
  if (!can_publish()) GTEST_SKIP();
  const TestNames names("nonsense");
  auto counts = publish(names, 3);
  for (const std::int32_t in_use : {0, -1, 1024}) {
    EXPECT_TRUE(counts.put(link::SchedulerCounts{in_use, 0}));
    EXPECT_FALSE(offer_of(settings_with(names)).dynamic) << in_use;
  }
}

TEST(OfferedQueues, OfSomebodyElsesObjectAreTheStaticOnes) {
  if (!can_publish()) GTEST_SKIP();
  const TestNames names("foreign");
  publish(names, 3);
  EXPECT_TRUE(offer_of(settings_with(names)).dynamic);
  const ObjectAccess nobody{65534, 65534, 0644};
  ASSERT_TRUE(remove_shared_counts(names("qscheduler")));
  auto theirs = SharedCounts::make(names("qscheduler"), link::SchedulerCounts::kOctets, nobody);
  ASSERT_TRUE(theirs) << theirs.error();
  EXPECT_TRUE(theirs->put(link::SchedulerCounts{3, 3}));
  EXPECT_FALSE(offer_of(settings_with(names)).dynamic);
  EXPECT_FALSE(published_counts(settings_with(names), groups::Groups(settings_with(names)).default_group()));
}

TEST(OfferedQueues, OfAFifoThatSomebodyPutThereAreTheStaticOnesAtOnce) {
  const TestNames names("fifo");
  for (const char* name : {"qscheduler", "queue1"}) ASSERT_EQ(::mkfifo(("/dev/shm" + names(name)).c_str(), 0666), 0);
  ::alarm(20);  // the test ends, if it waits for somebody to write
  EXPECT_FALSE(offer_of(settings_with(names)).dynamic);
  EXPECT_FALSE(SharedCounts::open(names("queue1"), SharedCounts::Use::kRead)->get<link::QueueCounts>());
  EXPECT_TRUE(SharedCounts::make(names("queue1"), link::QueueCounts::kOctets, own(0644)));
  ::alarm(0);
}

}  // namespace
}  // namespace sluice::ipc
