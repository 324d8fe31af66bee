#include "core/link/queue_counts.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::link {
namespace {

template <std::size_t n>
Octets view(const std::array<char, n>& octets) {
  return {octets.data(), octets.size()};
}

TEST(IpcName, PutsThePrefixBehindTheSlash) {
  EXPECT_EQ(ipc_name("", "queue1"), "/queue1");
  EXPECT_EQ(ipc_name("east-", "qscheduler"), "/east-qscheduler");
}

TEST(SchedulerCounts, ComeBackAsTheyWere) {
  const SchedulerCounts counts{3, 5};
  const auto octets = counts.encode();
  EXPECT_EQ(view(octets), Octets("\x03\0\0\0\x05\0\0\0", 8));
  EXPECT_EQ(SchedulerCounts::decode(view(octets)), counts);
}

TEST(SchedulerCounts, OutOfRangeAreNone) {
  for (const SchedulerCounts counts : {SchedulerCounts{-1, 1}, SchedulerCounts{1024, 1}, SchedulerCounts{1, 1024}})
    EXPECT_FALSE(SchedulerCounts::decode(view(counts.encode())));
  EXPECT_FALSE(SchedulerCounts::decode(Octets("\x03\0\0\0", 4)));
  EXPECT_FALSE(SchedulerCounts::decode({}));
}

TEST(QueueCounts, StandInTheOrderLocalRemoteLimitsFlag) {
  const QueueCounts counts{1, 2, 10, 20, 1};
  const auto octets = counts.encode();
  EXPECT_EQ(view(octets), Octets("\x01\0\0\0\x02\0\0\0\x0a\0\0\0\x14\0\0\0\x01\0\0\0", 20));
  EXPECT_EQ(octets[QueueCounts::kRemoteAt], 2);
  EXPECT_EQ(octets[QueueCounts::kFlagAt], 1);
  EXPECT_EQ(QueueCounts::decode(view(octets)), counts);
}

TEST(QueueCounts, NegativeOrCutShortAreNone) {
  EXPECT_FALSE(QueueCounts::decode(view(QueueCounts{0, -1, 10, 20, 0}.encode())));
  const auto whole = QueueCounts{1, 2, 10, 20, 1}.encode();
  EXPECT_FALSE(QueueCounts::decode(view(whole).substr(0, 19)));
}

TEST(QueueCounts, LoadIsTheSumOfBothChannelsInPercent) {
  EXPECT_EQ((QueueCounts{5, 5, 10, 20, 0}.load()), 75u);
  EXPECT_EQ((QueueCounts{10, 20, 10, 20, 0}.load()), 200u);
  EXPECT_EQ((QueueCounts{0, 0, 0, 0, 0}.load()), 0u);
  EXPECT_EQ((QueueCounts{7, 0, 0, 20, 0}.load()), 0u) << "a limit of 0 counts as idle";
  constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ((QueueCounts{kMost, kMost, 1, 1, 0}.load()), 200u);
}

TEST(LoadMessage, ComesBackWithItsLoadCutTo200) {
  EXPECT_EQ(LoadMessage::decode(view(LoadMessage{7, 3, 150}.encode()))->load, 150u);
  EXPECT_EQ(LoadMessage::decode(view(LoadMessage{7, 3, ~std::uint64_t{0}}.encode()))->load, 200u);
  EXPECT_EQ(LoadMessage::decode(view(LoadMessage{7, 1023, 1}.encode()))->queue, 1023u);
}

TEST(LoadMessage, NamesAQueueThatCanExist) {
  EXPECT_FALSE(LoadMessage::decode(view(LoadMessage{7, 0, 1}.encode())));
  EXPECT_FALSE(LoadMessage::decode(view(LoadMessage{7, 1024, 1}.encode())));
  EXPECT_FALSE(LoadMessage::decode("short"));
}

// The octets that another family's client was seen to send.
TEST(TodoMessage, IsReadAsOthersWriteIt) {
  const auto message = TodoMessage::decode(Octets("????\x7b\0\0\0\x18\x02\xab\0\0\0\0\0", 16));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->split, 123);
  EXPECT_EQ(message->inode, 11207192u);
  EXPECT_EQ(view(message->encode()).substr(4), Octets("\x7b\0\0\0\x18\x02\xab\0\0\0\0\0", 12));
}

TEST(TodoMessage, OfANegativeSplitOrAWrongSizeIsNone) {
  EXPECT_FALSE(TodoMessage::decode(view(TodoMessage{1, -1, 4711}.encode())));
  EXPECT_FALSE(TodoMessage::decode(std::string(17, '\0')));
  EXPECT_FALSE(TodoMessage::decode(std::string(15, '\0')));
}

}  // namespace
}  // namespace sluice::link
