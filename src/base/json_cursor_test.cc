#include "base/json_cursor.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sluice {
namespace {

std::string text_in(Octets json) {
  JsonCursor from(json);
  std::string text;
  from.text(text);
  return from.done() ? text : "malformed";
}

bool skips(const std::string& json) {
  JsonCursor from(json);
  from.skip();
  return from.done();
}

TEST(JsonCursor, ReadsMembersInTheirOrderAndSkipsTheOthers) {
  JsonCursor from(R"( {"id" : 7, "odd": {"a":[1,-2.5e3,null,{}],"b":"\u00e4"} , "to":["a","b"], "yes":true} )");
  std::uint64_t id = 0;
  std::vector<std::string> to;
  bool yes = false;
  from.object([&](std::string_view key) {
    if (key == "id") return void(id = from.natural());
    if (key == "yes") return void(yes = from.flag());
    if (key == "to") return from.array([&] { from.text(to.emplace_back()); });
    from.skip();
  });
  EXPECT_TRUE(from.done());
  EXPECT_EQ(id, 7u);
  EXPECT_TRUE(yes);
  EXPECT_EQ(to, (std::vector<std::string>{"a", "b"}));
}

TEST(JsonCursor, UndoesEscapes) {
  EXPECT_EQ(text_in(R"("a\"b\\c\/d\n\u0041\u00e4\ud83d\ude00")"), "a\"b\\c/d\nA\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(text_in(R"("\ud83d")"), "\xef\xbf\xbd");
  EXPECT_EQ(text_in(R"("\ud83d\u0041")"), "\xef\xbf\xbd");
}

TEST(JsonCursor, NumbersThatDoNotFitAreTheNearest) {
  EXPECT_EQ(JsonCursor("18446744073709551615").natural(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(JsonCursor("99999999999999999999999").natural(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(JsonCursor("-99999999999999999999999").number(), -std::numeric_limits<std::int64_t>::max());
  JsonCursor fraction("1.5");
  fraction.number();
  EXPECT_FALSE(fraction.ok());
}

TEST(JsonCursor, MalformedTextFails) {
  for (const char* json : {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{a:1}", "[1 2]", "\"a", "\"\\x\"",
                           "\"\\u12", "tru", "nul", "\"\x01\"", "{} {}", "[1,]"})
    EXPECT_FALSE(skips(json)) << json;
}

TEST(JsonCursor, NestingIsBounded) {
  EXPECT_TRUE(skips(std::string(30, '[') + std::string(30, ']')));
  EXPECT_FALSE(skips(std::string(1'000'000, '[')));
}

}  // namespace
}  // namespace sluice
