#include "core/link/worker.h"

#include <gtest/gtest.h>

namespace sluice::link {
namespace {

template <class Message>
std::string encoded(const Message& message) {
  std::string out;
  message.encode(out);
  return out;
}

template <class Message>
void expect_no_cut_decodes(const std::string& payload) {
  for (std::size_t n = 0; n < payload.size(); ++n) EXPECT_FALSE(Message::decode(Octets(payload).substr(0, n))) << n;
  EXPECT_FALSE(Message::decode(payload + 'x'));
}

Letter sample() {
  Letter letter;
  letter.token = 7;
  letter.line_form = mail::LineForm::kLf;
  letter.notify = mail::notify::kDelay;
  letter.user = "joe";
  letter.home = "/home/joe";
  letter.local = "joe-lists";
  letter.dash = "-";
  letter.ext = "lists";
  letter.domain = "example.org";
  letter.sender = "ann@example.net";
  letter.default_delivery = "./Maildir/";
  letter.body = "Subject: x\n\nx\n";
  letter.body_length = letter.body.size();
  return letter;
}

TEST(Letter, SurvivesTheWay) {
  const std::string payload = encoded(sample());
  const auto back = Letter::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(encoded(*back), payload);
  EXPECT_EQ(back->ext, "lists");
  EXPECT_EQ(back->body, sample().body);
  expect_no_cut_decodes<Letter>(payload);
}

TEST(Letter, WhoseBodyFollowsHasNoneInIt) {
  Letter letter = sample();
  letter.body_follows = true;
  EXPECT_FALSE(Letter::decode(encoded(letter)));
  letter.body = {};
  letter.body_length = 10'000'000;
  EXPECT_TRUE(Letter::decode(encoded(letter)));
}

TEST(WorkerSetup, SurvivesTheWay) {
  WorkerSetup setup;
  setup.host = "mx.example.org";
  setup.program_limit = std::chrono::minutes{15};
  const std::string payload = encoded(setup);
  const auto back = WorkerSetup::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(encoded(*back), payload);
  expect_no_cut_decodes<WorkerSetup>(payload);
}

TEST(LetterDone, SurvivesTheWayWithNamesToDeliverTo) {
  LetterDone done;
  done.token = 9;
  done.outcome = {mail::Verdict::kDelivered, mail::Trouble::kNone, 0, {2, 0, 0}, "did 1+0+0"};
  done.onward = {"joe", "ann"};
  done.onward_sender = "owner-list@example.org";
  const std::string payload = encoded(done);
  const auto back = LetterDone::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->onward, done.onward);
  EXPECT_EQ(back->outcome, done.outcome);
  expect_no_cut_decodes<LetterDone>(payload);
}

TEST(LetterDone, WithACountThatCannotBeIsMalformed) {
  LetterDone done;
  std::string payload = encoded(done);
  payload.replace(payload.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(LetterDone::decode(payload));
}

}  // namespace
}  // namespace sluice::link
