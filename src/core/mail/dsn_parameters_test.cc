#include "core/mail/dsn_parameters.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

TEST(Xtext, StandsForPrintableCharactersOnly) {
  EXPECT_TRUE(is_xtext("abc"));
  EXPECT_TRUE(is_xtext("a+2Bb+20"));
  for (const char* bad : {"a b", "a=b", "+", "+2", "+2b", "+0A", "+7F", "+80", "\x80"})
    EXPECT_FALSE(is_xtext(bad)) << bad;
}

TEST(EnvelopeId, HasOneToAHundredOctets) {
  EXPECT_FALSE(is_envelope_id(""));
  EXPECT_TRUE(is_envelope_id(std::string(100, 'x')));
  EXPECT_FALSE(is_envelope_id(std::string(101, 'x')));
}

TEST(Notify, IsNeverAloneOrAListOfTheOthers) {
  EXPECT_EQ(parse_notify("never"), notify::kNever);
  EXPECT_EQ(parse_notify("Success,DELAY"), notify::kSuccess | notify::kDelay);
  for (const char* bad : {"", "SUCCESS,", ",DELAY", "NEVER,DELAY", "FAILURE DELAY", "sometimes"})
    EXPECT_FALSE(parse_notify(bad)) << bad;
}

TEST(Ret, IsFullOrHdrs) {
  EXPECT_EQ(parse_return("full"), Return::kFull);
  EXPECT_EQ(parse_return("HDRS"), Return::kHeaders);
  EXPECT_FALSE(parse_return("headers"));
}

}  // namespace
}  // namespace sluice::mail
