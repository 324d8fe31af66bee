#include "lanes_of.h"

#include <gmock/gmock.h>

namespace sluice::scheduler {
namespace {

using testing::ElementsAre;

TEST(MailboxOwner, IsWhatStandsBeforeTheFirstDash) {
  EXPECT_EQ(mailbox_owner("joe@example.org"), "joe@example.org");
  EXPECT_EQ(mailbox_owner("joe-list@example.org"), "joe@example.org");
  EXPECT_EQ(mailbox_owner("Joe-List-owner@example.org"), "joe@example.org");
  EXPECT_EQ(mailbox_owner("joe@a-b.example"), "joe@a-b.example");
  EXPECT_EQ(mailbox_owner("-x@example.org"), "@example.org");
  EXPECT_EQ(mailbox_owner("a-b"), "a");
  EXPECT_EQ(mailbox_owner(""), "");
}

LaneJobs jobs_of(const std::vector<std::pair<queue::Channel, std::string>>& recipients,
                 const std::string& sender = "") {
  queue::Admitted admitted;
  admitted.envelope.sender = sender;
  admitted.id = queue::MessageId{5};
  for (const auto& [channel, address] : recipients) admitted.routed.push_back({channel, {address, 0, {}}});
  std::string record;
  queue::encode_state(record, admitted);
  queue::Image image;
  image.apply(Octets(record));
  return lanes_of(*image.find(admitted.id), {}, MonoTime{}, WallTime{});
}

TEST(LanesOfAMessage, AreOneForEachOwnerOfMailboxes) {
  using queue::Channel;
  const LaneJobs lanes = jobs_of({{Channel::kLocal, "joe@example.org"},
                                  {Channel::kLocal, "ann-x@example.org"},
                                  {Channel::kLocal, "joe-list@example.org"},
                                  {Channel::kRemote, "joe-list@example.org"},
                                  {Channel::kLocal, "joe@example.net"}});
  ASSERT_EQ(lanes.jobs.size(), 4u);
  EXPECT_EQ(lanes.jobs[0].destination, "joe@example.org");
  EXPECT_THAT(lanes.jobs[0].recipients, ElementsAre(0, 2));
  EXPECT_EQ(lanes.jobs[1].destination, "ann@example.org");
  EXPECT_EQ(lanes.jobs[2].destination, "example.org");
  EXPECT_EQ(lanes.jobs[3].destination, "joe@example.net");
}

TEST(LanesOfAMessage, RecipientsWithAReturnPathEachAreTriedOneByOne) {
  const auto recipients = {std::pair{queue::Channel::kLocal, std::string("joe@example.org")},
                           std::pair{queue::Channel::kLocal, std::string("joe-list@example.org")}};
  EXPECT_EQ(jobs_of(recipients, "box-@example.org").jobs.size(), 1u);
  EXPECT_EQ(jobs_of(recipients, "box-@example.org-@[]").jobs.size(), 2u);
}

}  // namespace
}  // namespace sluice::scheduler
