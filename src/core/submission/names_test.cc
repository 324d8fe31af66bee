#include "core/submission/names.h"

#include <gtest/gtest.h>

namespace sluice::submission {
namespace {

const Names kNames{.default_host = "mx.example.org",
                   .default_domain = "example.org",
                   .plus_domain = "plus.example",
                   .id_host = "mx.example.org"};

std::string qualified(Octets value) { return qualified_list(value, *parse_address_list(value), kNames); }

TEST(Names, CompleteHostsAsQmailDoes) {
  EXPECT_EQ(qualified("joe"), "joe@mx.example.org");
  EXPECT_EQ(qualified("joe@heaven"), "joe@heaven.example.org");
  EXPECT_EQ(qualified("joe@heaven+"), "joe@heaven.plus.example");
  EXPECT_EQ(qualified("joe@a.b+"), "joe@a.b.plus.example");
  EXPECT_EQ(qualified("joe@LocalHost"), "joe@mx.example.org");
  EXPECT_EQ(qualified("joe@[192.0.2.1], joe@x.test"), "joe@[192.0.2.1], joe@x.test");
}

TEST(Names, LeaveEverythingElseInTheFieldAlone) {
  EXPECT_EQ(qualified("Joe (the \"great\") <joe> ,\n\t\"a b\" (x)  , c@ d (e)"),
            "Joe (the \"great\") <joe@mx.example.org> ,\n\t\"a b\"@mx.example.org (x)  , c@ d.example.org (e)");
  EXPECT_EQ(qualified("friends: joe, bob@x.test;"), "friends: joe@mx.example.org, bob@x.test;");
}

TEST(Names, AShortDefaultHostGetsTheDefaultDomain) {
  Names names = kNames;
  names.default_host = "mx";
  EXPECT_EQ(qualified_host(names, ""), "mx.example.org");
  names.default_host = "localhost";
  EXPECT_EQ(qualified_host(names, "localhost"), "localhost");
}

TEST(EnvelopeAddress, HasTheStoredForm) {
  EXPECT_EQ(single_address("Joe <joe@X.Test>", kNames), "joe@x.test");
  EXPECT_EQ(single_address("\"joe\"", kNames), "joe@mx.example.org");
  EXPECT_EQ(single_address("\"joe \\\" q\"@x.test.", kNames), "\"joe \\\" q\"@x.test");
  EXPECT_EQ(single_address("<>", kNames), "");
  EXPECT_EQ(single_address("joe@bad..host", kNames).error(), "joe@bad..host is not a mail address");
  EXPECT_EQ(single_address("\"a\\\tb\"@x.test", kNames).error(), "a_b@x.test is not a mail address");
  EXPECT_FALSE(single_address("joe@test.", kNames));
  EXPECT_FALSE(single_address("a, b", kNames));
  EXPECT_FALSE(single_address("", kNames));
}

TEST(Author, NameIsQuotedOrEncodedWhereItMustBe) {
  EXPECT_EQ(author_value("", "joe@x.test"), "joe@x.test");
  EXPECT_EQ(author_value("Joe Doe", "joe@x.test"), "Joe Doe <joe@x.test>");
  EXPECT_EQ(author_value("Doe, \"J\"", "joe@x.test"), "\"Doe, \\\"J\\\"\" <joe@x.test>");
  EXPECT_EQ(author_value("J\xC3\xB8 D", "joe@x.test"), "=?utf-8?q?J=C3=B8_D?= <joe@x.test>");
  EXPECT_EQ(author_value("\xff", "joe@x.test"), "=?unknown-8bit?q?=FF?= <joe@x.test>");
  EXPECT_EQ(author_value("a\nTo: b", "joe@x.test"), "\"a To: b\" <joe@x.test>");
  EXPECT_EQ(author_value("Joe (1)", "joe@x.test", true), "joe@x.test (Joe \\(1\\))");
}

TEST(Author, LongNamesBecomeSeveralWordsThatCutNoCharacter) {
  std::string name;
  for (int i = 0; i < 30; ++i) name += "\xC3\xB8";
  const std::string value = author_value(name, "j@x.test");
  EXPECT_NE(value.find("=C3=B8?= =?utf-8?q?=C3=B8"), std::string::npos) << value;
}

TEST(Author, FullNameIsTheFirstPartOfTheGecosField) {
  EXPECT_EQ(full_name("Joe Doe,Room 1,,", "joe"), "Joe Doe");
  EXPECT_EQ(full_name("& Doe", "joe"), "Joe Doe");
  EXPECT_EQ(full_name("", "joe"), "");
}

TEST(MessageId, HoldsTheSecondTheProcessAndChance) {
  EXPECT_EQ(new_message_id(wall_from_millis(1'000'000'000'000), 42, 7, "id.example"),
            "<20010909014640.42.0000000000000007@id.example>");
}

}  // namespace
}  // namespace sluice::submission
