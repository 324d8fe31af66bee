#include "core/submission/address_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace sluice::submission {
namespace {

// "local@host" or "local" of each address, or the error.
std::string read(Octets text, ListStyle style = ListStyle::kCommas) {
  const auto list = parse_address_list(text, style);
  if (!list) return std::string(to_text(list.error()));
  std::vector<std::string> found;
  for (const ListedAddress& address : *list)
    found.push_back(address.is_null        ? "<>"
                    : address.host.empty() ? address.local
                                           : fmt::format("{}@{}", address.local, address.host));
  return fmt::format("{}", fmt::join(found, " "));
}

TEST(AddressList, ReadsWhatTheGrammarAllows) {
  EXPECT_EQ(read("joe@x.test"), "joe@x.test");
  EXPECT_EQ(read("joe, bob@y.test"), "joe bob@y.test");
  EXPECT_EQ(read("Joe <joe@x.test>, \"Doe, J.\" <doe@x.test>"), "joe@x.test doe@x.test");
  EXPECT_EQ(read("joe (a, (nested) \\) comment) @ x . test (b)"), "joe@x.test");
  EXPECT_EQ(read("\"joe q\"@x.test, joe@[192.0.2.1]"), "joe q@x.test joe@[192.0.2.1]");
  EXPECT_EQ(read("friends: joe@x.test, Bob <bob@x.test>;, ann"), "joe@x.test bob@x.test ann");
  EXPECT_EQ(read("undisclosed-recipients:;"), "");
  EXPECT_EQ(read("a@x.test,\n\tb@x.test\n"), "a@x.test b@x.test");
  EXPECT_EQ(read("<>"), "<>");
}

TEST(AddressList, ReadsObsoleteAndLaxForms) {
  EXPECT_EQ(read("<@one.test,@two.test:joe@x.test>"), "joe@x.test");
  EXPECT_EQ(read(", joe,, ,bob,"), "joe bob");
  EXPECT_EQ(read("Joe Q. Public <joe.q.public@x.test>"), "joe.q.public@x.test");
  EXPECT_EQ(read("joe . q @x.test"), "joe.q@x.test");
  EXPECT_EQ(read("joe@x.test <joe@x.test> <bob@x.test>"), "joe@x.test bob@x.test");
  EXPECT_EQ(read("J\xC3\xB8rgen <j\xC3\xB8@x.test>"), "j\xC3\xB8@x.test");
  EXPECT_EQ(read("\\joe, jo\\ e"), "joe jo e");
  EXPECT_EQ(read("here!joe%there@x.test"), "here!joe%there@x.test");
}

TEST(AddressList, SeparatesAtSpacesInTheOldStyleOnly) {
  EXPECT_EQ(read("joe bob@x.test", ListStyle::kSpacesToo), "joe bob@x.test");
  EXPECT_EQ(read("joe @ x.test bob", ListStyle::kSpacesToo), "joe@x.test bob");
  EXPECT_EQ(read("joe bob, ann", ListStyle::kSpacesToo), to_text(ListError::kTwoWords));
  EXPECT_EQ(read("joe\"bob\" ann", ListStyle::kSpacesToo), to_text(ListError::kTwoWords));
  EXPECT_EQ(read("joe bob"), to_text(ListError::kTwoWords));
}

TEST(AddressList, DoesNotGuess) {
  EXPECT_EQ(read("joe (x"), to_text(ListError::kUnclosedComment));
  EXPECT_EQ(read("\"joe"), to_text(ListError::kUnclosedQuote));
  EXPECT_EQ(read("joe@[192.0.2.1"), to_text(ListError::kUnclosedLiteral));
  EXPECT_EQ(read("<joe@x.test"), to_text(ListError::kUnclosedAngle));
  EXPECT_EQ(read("joe\\"), to_text(ListError::kStray));
  EXPECT_EQ(read("joe)"), to_text(ListError::kStray));
  EXPECT_EQ(read(":include:/etc/passwd"), to_text(ListError::kStray));
  EXPECT_EQ(read("@x.test"), to_text(ListError::kNoAddress));
  EXPECT_EQ(read("\"\"@x.test"), to_text(ListError::kNoAddress));
  EXPECT_EQ(read("joe@"), to_text(ListError::kBadHost));
  EXPECT_EQ(read("joe@x@y"), to_text(ListError::kBadHost));
  EXPECT_EQ(read("joe@x\\ y"), to_text(ListError::kBadHost));
  EXPECT_EQ(read("<joe@x.test> bob"), to_text(ListError::kTwoWords));
  EXPECT_EQ(read("\"joe\"bob@x.test"), to_text(ListError::kTwoWords));
}

TEST(AddressList, NestingCostsNoStack) {
  EXPECT_EQ(read(std::string(1'000'000, '(')), to_text(ListError::kUnclosedComment));
  EXPECT_EQ(read(std::string(500'000, '(') + std::string(500'000, ')') + "joe"), "joe");
}

}  // namespace
}  // namespace sluice::submission
