#include "core/route/duplicates.h"

#include <gmock/gmock.h>

namespace sluice::route {
namespace {

using testing::ElementsAre;
namespace notify = mail::notify;

std::vector<std::string> addresses(const std::vector<queue::Admitted::Routed>& routed) {
  std::vector<std::string> addresses;
  for (const auto& each : routed) addresses.push_back(each.recipient.address);
  return addresses;
}

TEST(Duplicates, AreRemovedAndTheOthersKeepTheirOrder) {
  std::vector<queue::Admitted::Routed> routed{
      {queue::Channel::kLocal, {"joe@a.example", 0, ""}},  {queue::Channel::kRemote, {"ann@b.example", 0, ""}},
      {queue::Channel::kLocal, {"joe@A.EXAMPLE", 0, ""}},  {queue::Channel::kLocal, {"Joe@a.example", 0, ""}},
      {queue::Channel::kRemote, {"ann@b.example", 0, ""}}, {queue::Channel::kRemote, {"eve@b.example", 0, ""}}};
  remove_duplicates(routed);
  EXPECT_THAT(addresses(routed), ElementsAre("joe@a.example", "ann@b.example", "Joe@a.example", "eve@b.example"));
}

TEST(Duplicates, InAnotherChannelAreNone) {
  std::vector<queue::Admitted::Routed> routed{{queue::Channel::kLocal, {"joe@a.example", 0, ""}},
                                              {queue::Channel::kRemote, {"joe@a.example", 0, ""}}};
  remove_duplicates(routed);
  EXPECT_EQ(routed.size(), 2u);
}

TEST(Duplicates, LeaveTheirWishes) {
  std::vector<queue::Admitted::Routed> routed{{queue::Channel::kLocal, {"joe@a.example", notify::kSuccess, ""}},
                                              {queue::Channel::kLocal, {"joe@a.example", notify::kFailure, "rfc822;x"}},
                                              {queue::Channel::kLocal, {"joe@a.example", notify::kNever, "rfc822;y"}}};
  remove_duplicates(routed);
  ASSERT_EQ(routed.size(), 1u);
  EXPECT_EQ(routed[0].recipient.notify, notify::kSuccess | notify::kFailure);
  EXPECT_EQ(routed[0].recipient.original_recipient, "rfc822;x");
}

TEST(MergedNotify, WantsWhatEitherWants) {
  EXPECT_EQ(merged_notify(0, 0), 0);
  EXPECT_EQ(merged_notify(notify::kNever, notify::kNever), notify::kNever);
  EXPECT_EQ(merged_notify(0, notify::kNever), 0);
  EXPECT_EQ(merged_notify(notify::kNever, notify::kSuccess), notify::kSuccess);
  EXPECT_EQ(merged_notify(0, notify::kSuccess), notify::kSuccess | notify::kFailure | notify::kDelay);
}

TEST(Duplicates, OfNobodyAreNone) {
  std::vector<queue::Admitted::Routed> routed;
  remove_duplicates(routed);
  EXPECT_TRUE(routed.empty());
}

}  // namespace
}  // namespace sluice::route
