#include "due_reports.h"

#include <gmock/gmock.h>

#include "core/queue/envelope_codec.h"

namespace sluice::scheduler {
namespace {

using mail::Action;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
namespace notify = mail::notify;

const queue::MessageId kId{5};

class Message {
 public:
  explicit Message(const std::vector<std::uint8_t>& notify_bits) {
    queue::Admitted admitted;
    admitted.id = kId;
    admitted.envelope.sender = "ann@example.org";
    for (std::size_t i = 0; i < notify_bits.size(); ++i)
      admitted.routed.push_back(
          {queue::Channel::kRemote, {"r" + std::to_string(i) + "@example.net", notify_bits[i], "rfc822;o"}});
    std::string record;
    queue::encode_state(record, admitted);
    image_.apply(Octets(record));
  }
  void settle(std::uint32_t recipient, mail::Verdict verdict, Octets text,
              mail::Reached reached = mail::Reached::kMailbox) {
    image_.apply(queue::Settled{kId, recipient, verdict, text, reached});
  }
  queue::Image::MessageView view() const { return *image_.find(kId); }
  queue::Image& image() { return image_; }

 private:
  queue::Image image_;
};

std::vector<std::pair<std::string, Action>> actions(const std::vector<mail::ReportedRecipient>& recipients) {
  std::vector<std::pair<std::string, Action>> actions;
  for (const auto& each : recipients) actions.emplace_back(each.address, each.action);
  return actions;
}

TEST(ReportOfASettledMessage, HoldsFailuresAndTheSuccessesThatWereAskedFor) {
  Message message({0, notify::kNever, notify::kSuccess, notify::kSuccess, notify::kSuccess, 0});
  message.settle(0, mail::Verdict::kFailed, "5.1.1 no such user");
  message.settle(1, mail::Verdict::kFailed, "5.1.1 no such user");
  message.settle(2, mail::Verdict::kDelivered, "2.0.0 did 1+0+0");
  message.settle(3, mail::Verdict::kDelivered, "", mail::Reached::kReporter);
  message.settle(4, mail::Verdict::kDelivered, "passed on", mail::Reached::kServer);
  message.settle(5, mail::Verdict::kDelivered, "");
  const auto due = settled_recipients(message.view(), mail::Addressee::Kind::kReport, {});
  EXPECT_THAT(actions(due),
              ElementsAre(Pair("r0@example.net", Action::kFailed), Pair("r2@example.net", Action::kDelivered),
                          Pair("r4@example.net", Action::kRelayed)));
  EXPECT_EQ(due[0].outcome.code, (mail::EnhancedCode{5, 1, 1}));
  EXPECT_EQ(due[0].outcome.text, "no such user");
  EXPECT_EQ(due[0].original_recipient, "rfc822;o");
  EXPECT_EQ(due[1].outcome.code, (mail::EnhancedCode{2, 0, 0}));
}

TEST(ReportToTheAdministrator, IsOfFailureAlone) {
  Message message({notify::kSuccess, 0});
  message.settle(0, mail::Verdict::kDelivered, "did 1+0+0");
  message.settle(1, mail::Verdict::kFailed, "no");
  const auto due = settled_recipients(message.view(), mail::Addressee::Kind::kDoubleReport, {});
  EXPECT_THAT(actions(due), ElementsAre(Pair("r1@example.net", Action::kFailed)));
}

TEST(Warning, IsAboutThoseThatAreStillTriedAndMayBeToldSo) {
  Message message({0, notify::kDelay, notify::kFailure, notify::kNever, 0});
  message.settle(4, mail::Verdict::kFailed, "no");
  message.image().apply(queue::Deferred{kId, {}, 1, "4.4.1 connect: refused", {0, 1, 2, 3}});
  const auto due = delayed_recipients(message.view(), wall_from_millis(77), {});
  EXPECT_THAT(actions(due),
              ElementsAre(Pair("r0@example.net", Action::kDelayed), Pair("r1@example.net", Action::kDelayed)));
  EXPECT_EQ(due[0].outcome.text, "connect: refused");
  EXPECT_EQ(due[0].will_retry_until, wall_from_millis(77));
}

TEST(Reports, NameRecipientsAsTheirSendersDid) {
  queue::Admitted admitted;
  admitted.id = kId;
  admitted.routed = {{queue::Channel::kLocal, {"joe-ann@virtual.example", 0, ""}},
                     {queue::Channel::kRemote, {"joe-ann@virtual.example", 0, ""}}};
  std::string record;
  queue::encode_state(record, admitted);
  queue::Image image;
  image.apply(Octets(record));
  const auto router = route::Router::build({.virtualdomains = {"virtual.example:joe"}, .envnoathost = "x.example"});
  ASSERT_TRUE(router);
  const auto due = delayed_recipients(*image.find(kId), {}, *router);
  EXPECT_THAT(actions(due), ElementsAre(Pair("ann@virtual.example", Action::kDelayed),
                                        Pair("joe-ann@virtual.example", Action::kDelayed)));
}

TEST(NothingWanted, IsNoReport) {
  Message message({notify::kNever});
  EXPECT_THAT(delayed_recipients(message.view(), {}, {}), IsEmpty());
  message.settle(0, mail::Verdict::kFailed, "no");
  EXPECT_THAT(settled_recipients(message.view(), mail::Addressee::Kind::kReport, {}), IsEmpty());
}

}  // namespace
}  // namespace sluice::scheduler
