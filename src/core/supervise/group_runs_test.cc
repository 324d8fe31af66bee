#include "core/supervise/group_runs.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

route::QueueGroup group(const std::string& name, unsigned first, unsigned queues) {
  route::QueueGroup result;
  result.name = name;
  result.first_queue = first;
  result.queue_min = result.queue_max = queues;
  return result;
}

const std::vector<route::QueueGroup> kGroups{route::QueueGroup{}, group("slow", 101, 2), group("never", 201, 1)};

DaemonPlan hourly() {
  DaemonPlan plan;
  plan.interval = std::chrono::hours(1);
  return plan;
}

TEST(GroupRuns, EveryGroupHasItsRunAtItsInterval) {
  auto groups = kGroups;
  groups[1].interval = std::chrono::minutes(5);
  groups[1].jobs = 7;
  groups[1].runners = 3;
  groups[1].order = select::SortOrder::kTime;
  const auto runs = group_runs(hourly(), groups, {select::SortOrder::kRandom, 100, 0}, "sendmail");
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].interval, std::chrono::hours(1));
  EXPECT_EQ(runs[0].run.order, select::SortOrder::kRandom);
  EXPECT_EQ(runs[0].run.most, 100u);
  EXPECT_EQ(runs[0].run.trigger, select::Trigger::kTimer);
  EXPECT_EQ(runs[1].interval, std::chrono::minutes(5));
  EXPECT_EQ(runs[1].run.order, select::SortOrder::kTime);
  EXPECT_EQ(runs[1].run.most, 7u);
  EXPECT_EQ(runs[1].run.width, 3u);
}

TEST(GroupRuns, AGroupWithoutRunnersIsRunWhenItIsNamedOnly) {
  auto groups = kGroups;
  groups[2].runners = 0;
  EXPECT_EQ(group_runs(hourly(), groups, {}, "").size(), 2u);
  auto plan = hourly();
  plan.group = "NEVER";
  const auto runs = group_runs(plan, groups, {}, "");
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].group, "never");
}

TEST(GroupRuns, TheDefaultGroupHasTwoNames) {
  for (const char* const name : {"mqueue", "default", "Default"}) {
    auto plan = hourly();
    plan.group = name;
    const auto runs = group_runs(plan, kGroups, {}, "");
    ASSERT_EQ(runs.size(), 1u);
    EXPECT_EQ(runs[0].group, route::kDefaultGroup);
  }
}

TEST(GroupRuns, OfTwoLimitsOfARunTheSmallerCounts) {
  auto groups = kGroups;
  groups[1].jobs = 7;
  const auto most = [&](std::uint64_t of_all) {
    return group_runs(hourly(), groups, {select::SortOrder::kPriority, of_all, 0}, "")[1].run.most;
  };
  EXPECT_EQ(most(0), 7u);
  EXPECT_EQ(most(5), 5u);
  EXPECT_EQ(most(100), 7u);
}

TEST(GroupRuns, TheSelectionOfTheCommandLineCountsForEveryRun) {
  auto plan = hourly();
  plan.persistent = true;
  plan.selector.tests.push_back({select::Field::kRecipient, "x", false});
  const auto runs = group_runs(plan, kGroups, {}, "");
  EXPECT_EQ(runs[0].run.selector, plan.selector);
  EXPECT_EQ(runs[0].run.trigger, select::Trigger::kPersistent);
}

TEST(GroupRuns, AQueueBelongsToTheGroupWithItsNumberElseToTheDefault) {
  EXPECT_TRUE(belongs_to("slow", 101, kGroups));
  EXPECT_TRUE(belongs_to("SLOW", 102, kGroups));
  EXPECT_FALSE(belongs_to("slow", 103, kGroups));
  EXPECT_TRUE(belongs_to("mqueue", 103, kGroups));
  EXPECT_TRUE(belongs_to("mqueue", 1, kGroups));
  EXPECT_FALSE(belongs_to("mqueue", 201, kGroups));
}

}  // namespace
}  // namespace sluice::supervise
