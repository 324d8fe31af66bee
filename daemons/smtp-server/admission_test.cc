#include "admission.h"

#include <gtest/gtest.h>

namespace sluice::smtp_server {
namespace {

using Verdict = Admission::Verdict;

settings::Address at(std::string_view text) { return settings::Address::parse(text).value(); }

TEST(Admission, RefusesTheConnectionAboveTheTotal) {
  Admission admission({.total = 2, .per_client = 50});
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.2")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.3")), Verdict::kFull);
}

TEST(Admission, RefusesOneClientWithTooManyAndStillTakesOthers) {
  Admission admission({.total = 10, .per_client = 2});
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kClientHasEnough);
  EXPECT_EQ(admission.enter(at("2001:db8::1")), Verdict::kWelcome);
}

TEST(Admission, TakesAClientAgainAfterItLeftOnce) {
  Admission admission({.total = 10, .per_client = 1});
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  admission.leave(at("192.0.2.1"));
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
}

TEST(Admission, CountsAClientOnceUnderBothSpellingsOfItsAddress) {
  Admission admission({.total = 10, .per_client = 1});
  EXPECT_EQ(admission.enter(at("::ffff:192.0.2.1")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kClientHasEnough);
}

TEST(Admission, ForgetsClientsThatHaveLeft) {
  Admission admission({.total = 1000, .per_client = 1});
  for (int i = 0; i < 256; ++i) EXPECT_EQ(admission.enter(at("192.0.2." + std::to_string(i))), Verdict::kWelcome);
  for (int i = 0; i < 256; ++i) admission.leave(at("192.0.2." + std::to_string(i)));
  EXPECT_EQ(admission.total(), 0);
  EXPECT_EQ(admission.clients(), 0);
}

TEST(Admission, LoweredLimitsCountForNewConnectionsOnly) {
  Admission admission({.total = 3, .per_client = 3});
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  EXPECT_EQ(admission.enter(at("192.0.2.1")), Verdict::kWelcome);
  admission.set_limits({.total = 1, .per_client = 1});
  EXPECT_EQ(admission.total(), 2);
  EXPECT_EQ(admission.enter(at("192.0.2.2")), Verdict::kFull);
}

}  // namespace
}  // namespace sluice::smtp_server
