#include "core/smtp/address.h"

#include <gtest/gtest.h>

namespace sluice::smtp {
namespace {

std::string path(Octets text) {
  const auto mailbox = take_path(text);
  if (mailbox) return mailbox->address + (text.empty() ? "" : "|" + std::string(text));
  switch (mailbox.error()) {
    case AddressError::kSyntax:
      return "!syntax";
    case AddressError::kNoDomain:
      return "!no domain";
    case AddressError::kTooLong:
      return "!too long";
    case AddressError::kBadUtf8:
      return "!utf-8";
  }
  return "!";
}

TEST(Path, IsStoredWithoutBracketsAndWithItsDomainInLowerCase) {
  EXPECT_EQ(path("<Joe.User@Example.ORG>"), "Joe.User@example.org");
  EXPECT_EQ(path("<a@b.example> SIZE=1"), "a@b.example| SIZE=1");
  EXPECT_EQ(path("a@b.example SIZE=1"), "a@b.example| SIZE=1");
  EXPECT_EQ(path("<>"), "");
  EXPECT_EQ(path("<PostMaster>"), "postmaster");
  EXPECT_EQ(path("<a!b%c#d/e=f@x.example>"), "a!b%c#d/e=f@x.example");
}

TEST(Path, SourceRoutesAreReadAndDropped) {
  EXPECT_EQ(path("<@one.example,@two.example:joe@three.example>"), "joe@three.example");
  EXPECT_EQ(path("<@[IPv6:::1]:joe@three.example>"), "joe@three.example");
  EXPECT_EQ(path("<@one.example joe@three.example>"), "!syntax");
  EXPECT_EQ(path("<@one.example,joe@three.example>"), "!syntax");
  EXPECT_EQ(path("<@[:joe@three.example>"), "!syntax");
  EXPECT_EQ(path("<@>"), "!syntax");
}

TEST(Path, QuotedLocalPartsHaveOneSpelling) {
  EXPECT_EQ(path(R"(<"joe"@x.example>)"), "joe@x.example");
  EXPECT_EQ(path(R"(<"j\oe u>ser"@x.example>)"), R"("joe u>ser"@x.example)");
  EXPECT_EQ(path(R"(<"a\"b\\c@d"@x.example>)"), R"("a\"b\\c@d"@x.example)");
  EXPECT_EQ(path(R"(<""@x.example>)"), R"(""@x.example)");
  EXPECT_EQ(path(R"(<"joe@x.example>)"), "!syntax");
  EXPECT_EQ(path(R"(<"joe"x@x.example>)"), "!syntax");
  EXPECT_EQ(path("<\"j\toe\"@x.example>"), "!syntax");
}

TEST(Path, AddressLiteralsAreChecked) {
  EXPECT_EQ(path("<joe@[192.0.2.1]>"), "joe@[192.0.2.1]");
  EXPECT_EQ(path("<joe@[IPv6:2001:DB8::1]>"), "joe@[ipv6:2001:db8::1]");
  EXPECT_EQ(path("<joe@[x-tag:anything]>"), "joe@[x-tag:anything]");
  EXPECT_EQ(path("<joe@[192.0.2.256]>"), "!syntax");
  EXPECT_EQ(path("<joe@[192.0.2]>"), "!syntax");
  EXPECT_EQ(path("<joe@[IPv6:zz]>"), "!syntax");
  EXPECT_EQ(path("<joe@[]>"), "!syntax");
  EXPECT_EQ(path("<joe@[>"), "!syntax");
}

TEST(Path, BadAddressesAreRefused) {
  for (const Octets bad : {"<joe@>", "<@x.example>", "<joe@x..example>", "<joe@-x.example>", "<joe@x.example.>",
                           "<joe@x y>", "<jo e@x.example>", "<joe@x.example", "<joe@a@b>", "<joe(c)@x.example>",
                           "<<joe@x.example>>", "<joe\r@x.example>", "<joe@x\x01.example>", " <a@b>"}) {
    EXPECT_EQ(path(bad), "!syntax") << bad;
  }
  EXPECT_EQ(path("<joe>"), "!no domain");
}

TEST(Path, LengthsAreBounded) {
  const std::string label(61, 'a');
  const std::string domain = label + "." + label + "." + label + "." + label;  // 247 octets
  EXPECT_EQ(path("<" + std::string(64, 'l') + "@" + domain + ">"), std::string(64, 'l') + "@" + domain);
  EXPECT_EQ(path("<" + std::string(65, 'l') + "@x.example>"), "!too long");
  EXPECT_EQ(path("<l@" + domain + ".aaaaaaaa>"), "!too long");
  EXPECT_EQ(path("<l@" + std::string(64, 'a') + ".example>"), "!syntax");
}

TEST(Path, Utf8IsMarkedAndChecked) {
  const auto mailbox = parse_mailbox(
      "j\xc3\xb6rg@b\xc3\xbc"
      "cher.example");
  ASSERT_TRUE(mailbox);
  EXPECT_TRUE(mailbox->non_ascii);
  EXPECT_FALSE(parse_mailbox("joe@x.example")->non_ascii);
  EXPECT_EQ(path("<j\xc3@x.example>"), "!utf-8");
  EXPECT_EQ(path("<j\xc0\xaf@x.example>"), "!utf-8") << "overlong";
  EXPECT_EQ(path("<j\xed\xa0\x80@x.example>"), "!utf-8") << "surrogate";
  EXPECT_EQ(path("<j\xf4\x90\x80\x80@x.example>"), "!utf-8") << "above U+10FFFF";
  EXPECT_EQ(path("<j\xc2\x85@x.example>"), "!utf-8") << "C1 control";
}

TEST(SendableAddress, QuotesWhatLocalProgramsStoredUnquoted) {
  EXPECT_EQ(sendable_address("joe@x.example"), "joe@x.example");
  EXPECT_EQ(sendable_address("joe user@x.example"), "\"joe user\"@x.example");
  EXPECT_EQ(sendable_address("a@b@x.example"), "\"a@b\"@x.example");
  EXPECT_EQ(sendable_address("a>b@x.example"), "\"a>b\"@x.example");
  EXPECT_EQ(sendable_address("joe\r\nDATA@x.example"), "");
  EXPECT_EQ(sendable_address("joe@x.example> SIZE=1"), "");
  EXPECT_EQ(sendable_address("joe"), "");
}

}  // namespace
}  // namespace sluice::smtp
