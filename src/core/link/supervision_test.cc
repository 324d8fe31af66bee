#include "core/link/supervision.h"

#include <gtest/gtest.h>

#include "core/link/doors.h"

namespace sluice::link {
namespace {

template <class Message>
std::string encoded(const Message& message) {
  std::string out;
  message.encode(out);
  return out;
}

// Decodes; no proper prefix and no longer payload does, and encoding again gives the same octets.
template <class Message>
Message round_trip(const Message& message) {
  const std::string payload = encoded(message);
  const auto decoded = Message::decode(payload);
  EXPECT_TRUE(decoded);
  if (!decoded) return {};
  EXPECT_EQ(encoded(*decoded), payload);
  for (std::size_t n = 0; n < payload.size(); ++n) EXPECT_FALSE(Message::decode(Octets(payload).substr(0, n))) << n;
  EXPECT_FALSE(Message::decode(payload + 'x'));
  return *decoded;
}

TEST(QueueReport, SurvivesTheWay) {
  QueueReport report;
  report.local = {1, 10, 2};
  report.remote = {20, 120, 300};
  report.lmtp = {3, 30, 0};
  report.messages = 1u << 20;
  report.submitted = 7;
  report.taking = false;
  report.paused = true;
  const QueueReport back = round_trip(report);
  EXPECT_EQ(back.remote.in_flight, 20u);
  EXPECT_EQ(back.remote.limit, 120u);
  EXPECT_EQ(back.remote.waiting, 300u);
  EXPECT_EQ(back.lmtp.in_flight, 3u);
  EXPECT_EQ(back.messages, 1u << 20);
  EXPECT_EQ(back.submitted, 7u);
  EXPECT_FALSE(back.taking);
  EXPECT_TRUE(back.paused);
}

TEST(QueueReport, WithAFlagThatIsNoneIsMalformed) {
  std::string payload = encoded(QueueReport{});
  payload.back() = 2;
  EXPECT_FALSE(QueueReport::decode(payload));
}

TEST(NeighbourLost, SurvivesTheWay) {
  const auto back = round_trip(NeighbourLost{Role::kRemoteDelivery, 4242, "killed by signal 9"});
  EXPECT_EQ(back.role, Role::kRemoteDelivery);
  EXPECT_EQ(back.pid, 4242u);
  EXPECT_EQ(back.why, "killed by signal 9");
}

TEST(NeighbourLost, CutsALongReasonAndRefusesOne) {
  NeighbourLost lost{Role::kClean, 1, std::string(NeighbourLost::kLongestReason + 1, 'x')};
  EXPECT_EQ(round_trip(NeighbourLost(lost)).why.size(), NeighbourLost::kLongestReason);
  std::string payload = encoded(lost) + 'x';
  store_le<std::uint32_t>(payload.data() + 5, NeighbourLost::kLongestReason + 1);
  EXPECT_FALSE(NeighbourLost::decode(payload));
}

TEST(NewNeighbour, MayBeALogger) {
  EXPECT_EQ(round_trip(NewNeighbour{Role::kLogger}).role, Role::kLogger);
  EXPECT_EQ(round_trip(NeighbourLost{Role::kLogger, 0, ""}).role, Role::kLogger);
  EXPECT_EQ(name_of(Role::kLogger), "logger");
}

TEST(NewNeighbour, WithAnUnknownRoleIsMalformed) {
  EXPECT_EQ(round_trip(NewNeighbour{Role::kTodo}).role, Role::kTodo);
  EXPECT_FALSE(NewNeighbour::decode(std::string(1, '\x7f')));
}

TEST(DrainAndPause, SurviveTheWay) {
  EXPECT_TRUE(round_trip(Drain{true}).on);
  EXPECT_FALSE(round_trip(Drain{false}).on);
  EXPECT_TRUE(round_trip(Pause{true}).on);
  EXPECT_FALSE(round_trip(Pause{false}).on);
  EXPECT_FALSE(Drain::decode(std::string(1, '\x02')));
  EXPECT_TRUE(Drained::decode(""));
  EXPECT_FALSE(Drained::decode("x"));
}

TEST(Doors, SurviveTheWay) {
  EXPECT_TRUE(round_trip(Door{true, 0}).open);
  EXPECT_EQ(round_trip(Door{false, 77}).serial, 77u);
  EXPECT_TRUE(round_trip(Quiet{77, true}).quiet);
  EXPECT_FALSE(round_trip(Quiet{77, false}).quiet);
  EXPECT_FALSE(round_trip(Detach{false}).on);
  EXPECT_TRUE(DoorShut::decode(""));
  EXPECT_FALSE(DoorShut::decode("x"));
  EXPECT_FALSE(Door::decode(std::string("\x02\0\0\0\0", 5)));
}

}  // namespace
}  // namespace sluice::link
