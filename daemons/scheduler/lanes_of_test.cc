#include "lanes_of.h"

#include <gmock/gmock.h>

#include "core/mail/delivery_mode.h"

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

LaneJobs jobs_of(const std::vector<std::pair<queue::Channel, std::string>>& recipients, const std::string& sender = "",
                 const Routes& routes = {}, bool in_place = false) {
  queue::Admitted admitted;
  admitted.envelope.in_place = in_place;
  admitted.envelope.sender = sender;
  admitted.id = queue::MessageId{5};
  for (const auto& [channel, address] : recipients) admitted.routed.push_back({channel, {address, 0, {}}});
  std::string record;
  queue::encode_state(record, admitted);
  queue::Image image;
  image.apply(Octets(record));
  return lanes_of(*image.find(admitted.id), routes, MonoTime{}, WallTime{});
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

TEST(LanesOfAMessage, AreFoundAmongAsManyAsThereAre) {
  constexpr std::size_t kDomains = 20'000;
  std::vector<std::pair<queue::Channel, std::string>> recipients;
  for (std::size_t i = 0; i < 2 * kDomains; ++i)
    recipients.emplace_back(queue::Channel::kRemote, "joe@x" + std::to_string(i % kDomains) + ".test");
  const LaneJobs lanes = jobs_of(recipients);
  ASSERT_EQ(lanes.jobs.size(), kDomains);
  for (std::size_t i = 0; i < kDomains; ++i) {
    EXPECT_EQ(lanes.jobs[i].destination, recipients[i].second.substr(4));
    EXPECT_THAT(lanes.jobs[i].recipients, ElementsAre(i, i + kDomains));
  }
}

TEST(LanesOfAMessage, OneWhoseSubmitterWaitsIsLeftToItForAWhile) {
  const WallTime arrival = wall_from_millis(1'000'000);
  const MonoTime now{Duration{5'000'000}};
  const auto due = [&](mail::DeliveryMode mode, Duration age) {
    queue::Admitted admitted;
    admitted.envelope.mode = mode;
    admitted.id = queue::MessageId{5};
    admitted.arrival = arrival;
    admitted.routed.push_back({queue::Channel::kLocal, {"joe@example.org", 0, {}}});
    std::string record;
    queue::encode_state(record, admitted);
    queue::Image image;
    image.apply(Octets(record));
    return lanes_of(*image.find(admitted.id), {}, now, arrival + age).jobs.at(0).due;
  };
  EXPECT_EQ(due(mail::DeliveryMode::kInteractive, Duration{0}), now + mail::kInteractiveWait);
  EXPECT_EQ(due(mail::DeliveryMode::kInteractive, Duration{4'000}), now + mail::kInteractiveWait - Duration{4'000});
  EXPECT_EQ(due(mail::DeliveryMode::kInteractive, mail::kInteractiveWait), std::nullopt) << "it never came";
  EXPECT_EQ(due(mail::DeliveryMode::kInteractive, Duration{-1}), std::nullopt) << "the clock went back";
  EXPECT_EQ(due(mail::DeliveryMode::kBackground, Duration{0}), std::nullopt);
}

// Queues of group "slow", where mail for slow.test belongs; that for big.test and for joe's virtual domain belongs
// elsewhere.
Routes routes_of_slow() {
  const std::vector<std::string> groups{"slow", "big"},
      map{"slow.test:slow", "big.test:big", "joe@virtual.test:mqueue"};
  auto plan = std::make_shared<GroupPlan>();
  plan->groups = route::QueueGroups::of(groups, map).value();
  plan->own = 1;
  plan->router = route::Router::build({.virtualdomains = {"virtual.test:users"}, .envnoathost = "mx.test"}).value();
  Routes routes;
  routes.groups = plan;
  return routes;
}

TEST(LanesOfAMessage, AreThoseOfOtherGroupsForRecipientsThatBelongThere) {
  using queue::Channel;
  const LaneJobs lanes = jobs_of({{Channel::kRemote, "a@slow.test"},
                                  {Channel::kRemote, "b@big.test"},
                                  {Channel::kRemote, "c@else.test"},
                                  {Channel::kRemote, "d@big.test"},
                                  {Channel::kLocal, "users-joe@virtual.test"}},
                                 "", routes_of_slow());
  ASSERT_EQ(lanes.jobs.size(), 4u);
  EXPECT_EQ(lanes.jobs[0].channel, Channel::kRemote);
  EXPECT_EQ(lanes.jobs[1].channel, Channel::kGroup);
  EXPECT_EQ(lanes.jobs[1].destination, "big");
  EXPECT_THAT(lanes.jobs[1].recipients, ElementsAre(1, 3));
  EXPECT_EQ(lanes.jobs[2].destination, "else.test") << "no entry: it stays";
  EXPECT_EQ(lanes.jobs[3].channel, Channel::kGroup) << "by the address that was written";
  EXPECT_EQ(lanes.jobs[3].destination, "mqueue");
}

TEST(LanesOfAMessage, AreOursForEveryRecipientOnceItWasHandedOver) {
  using queue::Channel;
  const LaneJobs lanes = jobs_of({{Channel::kRemote, "b@big.test"}}, "", routes_of_slow(), true);
  ASSERT_EQ(lanes.jobs.size(), 1u);
  EXPECT_EQ(lanes.jobs[0].channel, Channel::kRemote);
}

TEST(LanesOfAMessage, GoTogetherToAnotherGroupWhateverTheirReturnPaths) {
  using queue::Channel;
  const LaneJobs lanes = jobs_of({{Channel::kRemote, "b@big.test"}, {Channel::kRemote, "d@big.test"}},
                                 "owner-@list.test-@[]", routes_of_slow());
  ASSERT_EQ(lanes.jobs.size(), 1u);
  EXPECT_THAT(lanes.jobs[0].recipients, ElementsAre(0, 1));
}

}  // namespace
}  // namespace sluice::scheduler
