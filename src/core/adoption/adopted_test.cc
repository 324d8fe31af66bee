#include "core/adoption/adopted.h"

#include <gtest/gtest.h>

namespace sluice::adoption {
namespace {

using queue::Channel;
using queue::RecipientStatus;

const WallTime kNow = wall_from_millis(1'800'000'000'000);
const WallTime kBirth = kNow - std::chrono::hours{3};

route::Router router(std::vector<std::string> lmtproutes = {}) {
  return route::Router::build({.locals = {"here.example"},
                               .virtualdomains = {"v.example:joe"},
                               .envnoathost = "here.example",
                               .lmtproutes = std::move(lmtproutes)})
      .value();
}

struct Seen {
  std::string address;
  Channel channel;
  RecipientStatus status;
  unsigned attempts;
  std::string text;
  bool operator==(const Seen&) const = default;
};

class Taken {
 public:
  explicit Taken(const queue::Preprocessed& message, const route::Router& routes = router()) {
    Circumstances circumstances;
    circumstances.id = queue::MessageId{7};
    circumstances.body = {queue::BodyRef::Storage::kFile, 1234, 0, 99};
    circumstances.now = kNow;
    const Adopted adopted(message, routes, circumstances);
    EXPECT_FALSE(adopted.too_long());
    adopted.each_record([this](const queue::StateRecord& record) { image.apply(record); });
  }
  queue::Image::MessageView view() const { return *image.find(queue::MessageId{7}); }
  std::vector<Seen> recipients() const {
    std::vector<Seen> seen;
    view().each_recipient([&](const queue::Image::RecipientView& r) {
      seen.push_back({std::string(r.address), r.channel, r.status, r.attempts, std::string(r.text)});
    });
    return seen;
  }
  WallTime due(std::uint32_t index) const { return wall_from_millis(view().state(index).next_attempt); }

  queue::Image image;
};

queue::Preprocessed message() {
  queue::Preprocessed message;
  message.info.sender = "a@x.example";
  message.birth = message.local.due = message.remote.due = kBirth;
  return message;
}

TEST(AdoptedMessages, KeepSenderBodyAndAge) {
  for (const char* sender : {"a@x.example", "", "#@[]", "list-@x.example-@[]"}) {
    auto one = message();
    one.info.sender = sender;
    one.remote.recipients = {{"b@y.example", false}};
    const Taken taken(one);
    EXPECT_EQ(taken.view().sender(), sender);
    EXPECT_EQ(taken.view().arrival(), kBirth);
    EXPECT_EQ(taken.view().body().segment, 1234u);
    EXPECT_EQ(taken.view().pending(), 1u);
  }
}

TEST(AdoptedMessages, LeaveDoneRecipientsDone) {
  auto one = message();
  one.local.recipients = {{"joe-ann@v.example", true}, {"bob@here.example", true}, {"eve@here.example", false}};
  one.remote.recipients = {{"c@y.example", true}, {"d@y.example", true}};
  one.bounce = {{"d@y.example", "refused\n"}, {"ann@v.example", "no mailbox. (#5.1.1)\n"}};
  EXPECT_EQ(Taken(one).recipients(),
            (std::vector<Seen>{
                {"joe-ann@v.example", Channel::kLocal, RecipientStatus::kFailed, 0, "5.1.1 no mailbox. (#5.1.1)"},
                {"bob@here.example", Channel::kLocal, RecipientStatus::kDelivered, 0, ""},
                {"eve@here.example", Channel::kLocal, RecipientStatus::kUntried, 0, ""},
                {"c@y.example", Channel::kRemote, RecipientStatus::kDelivered, 0, ""},
                {"d@y.example", Channel::kRemote, RecipientStatus::kFailed, 0, "refused"}}));
}

TEST(AdoptedMessages, TellOfFailuresWhoseRecipientFileIsGone) {
  auto one = message();
  one.bounce = {{"d@y.example", "host refused\nsaid: 550\n"}, {"", "half a text\n"}};
  const Taken taken(one);
  EXPECT_EQ(taken.recipients(),
            (std::vector<Seen>{{"d@y.example", Channel::kRemote, RecipientStatus::kFailed, 0, "host refused/said: 550"},
                               {"unknown", Channel::kRemote, RecipientStatus::kFailed, 0, "half a text"}}));
  EXPECT_EQ(taken.view().pending(), 0u);
}

TEST(AdoptedMessages, OfOneAddressTwiceFailOnlyAsOftenAsWasSaid) {
  auto one = message();
  one.remote.recipients = {{"d@y.example", true}, {"d@y.example", true}};
  one.bounce = {{"d@y.example", "no\n"}};
  const auto recipients = Taken(one).recipients();
  ASSERT_EQ(recipients.size(), 2u);
  EXPECT_EQ(recipients[0].status, RecipientStatus::kFailed);
  EXPECT_EQ(recipients[1].status, RecipientStatus::kDelivered);
}

TEST(AdoptedMessages, KeepTheirPlaceOnTheRetryCurve) {
  auto one = message();
  one.local.recipients = {{"eve@here.example", false}};
  one.remote.recipients = {{"c@y.example", false}};
  one.local.due = kBirth + Seconds{110 * 110};   // tried eleven times
  one.remote.due = kBirth + Seconds{100 * 100};  // five times, already due
  const Taken taken(one);
  EXPECT_EQ(taken.recipients()[0].status, RecipientStatus::kDeferred);
  EXPECT_EQ(taken.recipients()[0].attempts, 11u);
  EXPECT_EQ(taken.due(0), one.local.due);
  EXPECT_EQ(taken.recipients()[1].attempts, 5u);
  EXPECT_EQ(taken.due(1), one.remote.due);
}

TEST(AdoptedMessages, WereTriedAlsoIfTheirTimesAreNotExact) {
  auto one = message();
  one.birth += std::chrono::milliseconds{900};
  one.local.recipients = {{"joe@here.example", false}};
  one.remote.recipients = {{"b@y.example", false}};
  one.local.due = kBirth + Seconds{100};
  one.remote.due = kBirth + Seconds{40 * 40};
  const Taken taken(one);
  EXPECT_EQ(taken.recipients(),
            (std::vector<Seen>{{"joe@here.example", Channel::kLocal, RecipientStatus::kDeferred, 1, ""},
                               {"b@y.example", Channel::kRemote, RecipientStatus::kDeferred, 2, ""}}));
  EXPECT_EQ(taken.due(0), one.local.due);
  EXPECT_EQ(taken.due(1), one.remote.due);
}

TEST(AdoptedMessages, AreNotPutOffByTimesThatCannotBe) {
  auto one = message();
  one.remote.recipients = {{"c@y.example", false}};
  one.remote.due = kNow + std::chrono::hours{24 * 365 * 20};
  const Taken late(one);
  EXPECT_LT(late.due(0), kNow + std::chrono::hours{2});
  one.birth = kNow + std::chrono::hours{24 * 365};
  const Taken unborn(one);
  EXPECT_EQ(unborn.view().arrival(), kNow);
  EXPECT_LE(unborn.due(0), kNow + Seconds{400});
}

TEST(AdoptedMessages, AreNotRewrittenTwiceButGoToLmtpServers) {
  auto one = message();
  one.local.recipients = {{"joe-ann@v.example", false}, {"eve@here.example", false}};
  EXPECT_EQ(Taken(one).recipients()[0], (Seen{"joe-ann@v.example", Channel::kLocal, RecipientStatus::kUntried, 0, ""}));
  const auto moved = Taken(one, router({"here.example:/run/lmtp"})).recipients();
  EXPECT_EQ(moved[0].channel, Channel::kLocal);
  EXPECT_EQ(moved[1].channel, Channel::kLmtp);
}

TEST(BounceTexts, BecomeOneLineWithTheirCodeInFront) {
  EXPECT_EQ(kept_text("a\nb\n"), "a/b");
  EXPECT_EQ(kept_text("no such user. (#5.1.1)\n"), "5.1.1 no such user. (#5.1.1)");
  EXPECT_EQ(kept_text("later (#4.4.1)\n"), "later (#4.4.1)");
  EXPECT_EQ(kept_text("odd (#5.1.)\n"), "odd (#5.1.)");
  EXPECT_EQ(kept_text(std::string(5000, 'x')).size(), 1000u);
}

}  // namespace
}  // namespace sluice::adoption
