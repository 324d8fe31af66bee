#include "delivery_text.h"

#include <gmock/gmock.h>

#include <cerrno>

namespace sluice::remote {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

mail::Outcome outcome(mail::Verdict verdict, std::uint16_t reply, mail::EnhancedCode code, std::string text) {
  return {verdict, mail::Trouble::kNone, reply, code, std::move(text)};
}

std::string told(mail::Outcome outcome, bool body_complete) {
  tell(outcome, "203.0.113.5", body_complete);
  return outcome.text;
}

TEST(TheTextOfSuccess, IsThatOfQmailRemote) {
  EXPECT_EQ(told(outcome(mail::Verdict::kDelivered, 250, {2, 0, 0}, "Ok: queued as X"), true),
            "203.0.113.5 accepted message./Remote host said: 250 2.0.0 Ok: queued as X/");
}

TEST(TheNameOfATarget, IsItsHostAddressAndPortOrItsPath) {
  EXPECT_EQ(label_of({"mx.x.test", "192.0.2.1"}, 25), "mx.x.test[192.0.2.1]:25");
  EXPECT_EQ(label_of({"192.0.2.1", "192.0.2.1"}, 24), "[192.0.2.1]:24");
  EXPECT_EQ(label_of({"/run/lmtp", "/run/lmtp"}, 0), "/run/lmtp");
}

TEST(AFullBacklogOfASocket, IsAShortageThatFewerConnectionsMend) {
  EXPECT_EQ(not_connected("/run/lmtp", EAGAIN).trouble, mail::Trouble::kBusy);
}

TEST(TheTextOfARefusal, HoldsWhatTheServerSaid) {
  EXPECT_EQ(told(outcome(mail::Verdict::kFailed, 550, {5, 1, 1}, "no such user"), false),
            "203.0.113.5 refused./Remote host said: 550 5.1.1 no such user/Giving up on 203.0.113.5./");
}

TEST(TheTextOfALostConnection, WarnsOfADuplicateOnlyAfterTheFinalDot) {
  const auto lost = outcome(mail::Verdict::kDeferred, 0, {4, 4, 2}, "connection lost");
  EXPECT_THAT(told(lost, false), Not(HasSubstr("duplicate")));
  EXPECT_THAT(told(lost, true), EndsWith("Possible duplicate!/"));
}

TEST(ATextThatIsTooLong, IsCut) {
  EXPECT_EQ(told(outcome(mail::Verdict::kFailed, 550, {5, 1, 1}, std::string(5000, 'x')), false).size(),
            mail::kMaximumText);
}

TEST(AConnectionThatWasNotMade, NamesHostAddressAndPort) {
  const auto refused = not_connected(label_of({"mx.x.test", "192.0.2.1"}, 25), ECONNREFUSED);
  EXPECT_EQ(refused.text, "connect to mx.x.test[192.0.2.1]:25: Connection refused");
  EXPECT_EQ(refused.trouble, mail::Trouble::kUnreachable);
  EXPECT_EQ(label_of({"2001:db8::1", "2001:db8::1"}, 2525), "[2001:db8::1]:2525");
  EXPECT_EQ(not_connected("", EMFILE).trouble, mail::Trouble::kBusy);
}

TEST(AServerThatDoesNotLetUsIn, NeverFailsTheMessage) {
  const auto closed = not_welcome("mx[192.0.2.1]:25", outcome(mail::Verdict::kFailed, 554, {5, 7, 1}, "go away"));
  EXPECT_EQ(closed.verdict, mail::Verdict::kDeferred);
  EXPECT_EQ(closed.trouble, mail::Trouble::kUnreachable);
  EXPECT_EQ(closed.text, "connected to mx[192.0.2.1]:25 but it said: 554 5.7.1 go away");
}

}  // namespace
}  // namespace sluice::remote
