#include "core/monitor/load.h"

#include <gtest/gtest.h>

namespace sluice::monitor {
namespace {

QueueLoad queue(unsigned number, std::int32_t local, std::int32_t local_limit, std::int32_t remote,
                std::int32_t remote_limit, std::int32_t flag = 0) {
  return {number, {local, remote, local_limit, remote_limit, flag}};
}

TEST(Load, LineOfTheAverageIsThatOfQmonitor) {
  EXPECT_EQ(average_line(average_of({queue(1, 10, 10, 10, 20)}), 90),
            "queue load avg (local[100.00] + remote[ 50.00])/2 =  75.00 <= (90 * 2) = 180.00\n");
  EXPECT_EQ(average_line(average_of({queue(1, 10, 10, 20, 20)}), 90),
            "queue load avg (local[100.00] + remote[100.00])/2 = 100.00 > (90 * 2) = 180.00\n");
}

TEST(Load, IsAboveTheThresholdWhenTheSumOfAllQueuesIs) {
  // 2 queues: 100 + 50 and 100 + 100 percent; 350 against 2 * 2 * threshold.
  const LoadAverage average = average_of({queue(1, 10, 10, 10, 20), queue(2, 10, 10, 20, 20)});
  EXPECT_TRUE(average.above(87));
  EXPECT_FALSE(average.above(88));
}

TEST(Load, AHeldChannelAndNoQueuesAreIdle) {
  EXPECT_DOUBLE_EQ(average_of({queue(1, 0, 0, 10, 20)}).local, 0);
  EXPECT_DOUBLE_EQ(average_of({}).remote, 0);
}

TEST(Load, LineOfOneQueue) { EXPECT_EQ(load_line(0, queue(1, 2, 10, 5, 20).counts), "queue[0] load = 45.00\n"); }

TEST(Load, OneExpressionIsTheLoadAndTwoAreThatOfEachChannel) {
  EXPECT_EQ(load_of_expressions({"0.45"})->percent, 45u);
  EXPECT_EQ(load_of_expressions({"0.29"})->percent, 29u);
  EXPECT_EQ(load_of_expressions({"2/10", "5/20"})->percent, 45u);
  EXPECT_DOUBLE_EQ(load_of_expressions({"2/10", "5/20"})->ratio, 0.45);
  EXPECT_EQ(load_of_expressions({"1/3"})->percent, 33u);
}

TEST(Load, ALoadOfNothingCanBeSentAndWhatIsBelowIsSeen) {
  EXPECT_EQ(load_of_expressions({"0"})->percent, 0u);
  EXPECT_EQ(load_of_expressions({"0/10", "0/20"})->percent, 0u);
  EXPECT_DOUBLE_EQ(load_of_expressions({"-0.1"})->ratio, -0.1);
  EXPECT_EQ(load_of_expressions({"-0.1"})->percent, 0u);
  EXPECT_FALSE(load_of_expressions({"0/0"}));
  EXPECT_FALSE(load_of_expressions({"much"}));
}

TEST(Load, NoMoreThanTwoHundredPercentIsSent) {
  EXPECT_EQ(load_of_expressions({"90"})->percent, 200u);
  EXPECT_EQ(load_of_expressions({std::string(300, '9')})->percent, 200u);
}

TEST(Load, TableIsThatOfQmailQread) {
  EXPECT_EQ(load_table({queue(1, 5, 5, 2, 8), queue(2, 5, 5, 2, 8, 1)}, {2, 3}, 90),
            "queue      local  Remote   +/- flag\n"
            "queue1     5/5      2/8    - enabled\n"
            "queue2     5/5      2/8    - disabled\n"
            "threshold = 90.00 , qcount = 2, qconf = 3, local = 10, remote = 4, qload_av =  62.50\n");
}

TEST(Load, TableMarksTheQueueWithTheLeastLoad) {
  const std::string table = load_table({queue(1, 1, 5, 2, 8), queue(2, 0, 5, 2, 8)}, {2, 2}, 90);
  EXPECT_NE(table.find("queue1     1/5      2/8    + enabled\n"), table.npos);
  EXPECT_NE(table.find("queue2     0/5      2/8    - enabled\n"), table.npos);
}

}  // namespace
}  // namespace sluice::monitor
