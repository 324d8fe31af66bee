#include "core/mail/address.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

TEST(Address, DomainIsWhatFollowsTheLastAt) {
  EXPECT_EQ(domain_of("ann@example.org"), "example.org");
  EXPECT_EQ(domain_of("\"a@b\"@example.org"), "example.org");
  EXPECT_EQ(domain_of("postmaster"), "");
  EXPECT_EQ(domain_of(""), "");
  EXPECT_EQ(domain_of("ann@"), "");
  EXPECT_EQ(domain_of("#@[]"), "[]");
}

TEST(Address, LocalPartIsWhatStandsBeforeTheLastAt) {
  EXPECT_EQ(local_part_of("\"a@b\"@example.org"), "\"a@b\"");
  EXPECT_EQ(local_part_of("postmaster"), "postmaster");
  EXPECT_EQ(local_part_of("@x"), "");
}

TEST(Address, NormalisingLowersOnlyTheDomain) {
  EXPECT_EQ(normalized_address("Ann.Lee@EXAMPLE.Org"), "Ann.Lee@example.org");
  EXPECT_EQ(normalized_address("Postmaster"), "Postmaster");
  EXPECT_EQ(normalized_address(""), "");
}

TEST(Address, SameMailboxIgnoresCaseInTheDomainOnly) {
  EXPECT_TRUE(same_mailbox("ann@Example.org", "ann@example.ORG"));
  EXPECT_FALSE(same_mailbox("Ann@example.org", "ann@example.org"));
}

TEST(Printable, ReplacesWhatCouldBreakALogLine) {
  EXPECT_EQ(printable("a b%c\td\r\x7f\xc3\xa9"), "a_b_c_d____");
  EXPECT_EQ(printable("did 0+0+1\n"), "did_0+0+1/");
  EXPECT_EQ(printable(std::string_view("x\0y", 3)), "x_y");
  EXPECT_EQ(printable("!~"), "!~");
}

TEST(Utf8, KnowsWellFormedText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x93\xa7"));
  for (const char* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3("})
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
}

TEST(Xtext, DecodesHexAndLeavesTheRest) {
  EXPECT_EQ(xtext_decoded("rfc822;a+2Bb+3Dc@x"), "rfc822;a+b=c@x");
  EXPECT_EQ(xtext_encoded("a+b=c d@x\x01"), "a+2Bb+3Dc+20d@x+01");
  EXPECT_EQ(xtext_decoded(xtext_encoded("a+b=c d@x\x01")), "a+b=c d@x\x01");
  EXPECT_EQ(xtext_decoded("a+"), "a+");
  EXPECT_EQ(xtext_decoded("a+2"), "a+2");
  EXPECT_EQ(xtext_decoded("+zz"), "+zz");
}

}  // namespace
}  // namespace sluice::mail
