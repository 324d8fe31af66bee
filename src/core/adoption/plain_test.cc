#include "core/adoption/plain.h"

#include <gtest/gtest.h>

#include "core/adoption/adopted.h"

namespace sluice::adoption {
namespace {

const WallTime kNow = wall_from_millis(1'800'000'000'000);
const queue::MessageId kId{7};

route::Router router() {
  return route::Router::build(
             {.locals = {"here.example"}, .virtualdomains = {"v.example:joe"}, .envnoathost = "here.example"})
      .value();
}

void take(queue::Image& image, const queue::Preprocessed& message) {
  Circumstances circumstances;
  circumstances.id = kId;
  circumstances.now = kNow;
  Adopted(message, router(), circumstances).each_record([&](const queue::StateRecord& record) { image.apply(record); });
}

TEST(PlainMessages, AreTheSameAfterTheyWereTakenOverAndWrittenAgain) {
  queue::Preprocessed message;
  message.info.sender = "list-@x.example-@[]";
  message.birth = kNow - std::chrono::hours{9};
  message.local = {{{"joe-ann@v.example", true}, {"eve@here.example", false}}, message.birth + Seconds{120 * 120}};
  message.remote = {{{"c@y.example", true}, {"d@y.example", false}}, message.birth};
  message.bounce = {{"ann@v.example", "no mailbox. (#5.1.1)\n"}, {"c@y.example", "refused\n"}};
  queue::Image image;
  take(image, message);
  const Plain plain = plain_of(*image.find(kId), router());
  EXPECT_EQ(plain.message, message);
  EXPECT_EQ(plain.losses, 0u);
}

TEST(PlainMessages, LeaveOutFilesWhoseRecipientsAreAllDone) {
  queue::Preprocessed message;
  message.birth = message.local.due = message.remote.due = kNow - Seconds{50};
  message.local.recipients = {{"eve@here.example", true}};
  message.remote.recipients = {{"d@y.example", true}};
  message.bounce = {{"d@y.example", "no\n"}};
  queue::Image image;
  take(image, message);
  const Plain plain = plain_of(*image.find(kId), router());
  EXPECT_TRUE(plain.message.local.recipients.empty() && plain.message.remote.recipients.empty());
  EXPECT_EQ(plain.message.bounce, message.bounce);
}

TEST(PlainMessages, SayWhatTheyCannotHold) {
  mail::Envelope envelope;
  envelope.recipients.push_back({"a@b", mail::notify::kSuccess, {}});
  EXPECT_EQ(losses_of(envelope), loss::kDsn | loss::kLineForm);
  envelope = {};
  envelope.line_form = mail::LineForm::kLf;
  envelope.flow = "joe";
  EXPECT_EQ(losses_of(envelope), loss::kFlow);
}

TEST(BounceTexts, HaveTheirCodeAtTheEnd) {
  EXPECT_EQ(bounce_text("5.1.1 no such user"), "no such user (#5.1.1)\n");
  EXPECT_EQ(bounce_text("5.1.1 no such user. (#5.1.1)"), "no such user. (#5.1.1)\n");
  EXPECT_EQ(bounce_text("192.0.2.1 refused"), "192.0.2.1 refused\n");
  EXPECT_EQ(bounce_text(""), "\n");
}

}  // namespace
}  // namespace sluice::adoption
