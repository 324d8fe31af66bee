#include "core/local/alias_target.h"

#include <gtest/gtest.h>

#include "core/local/dot_forward.h"

namespace sluice::local {
namespace {

std::vector<Action> actions(std::string_view text) {
  auto targets = parse_targets(text);
  EXPECT_TRUE(targets) << targets.error().text;
  std::vector<Action> found;
  if (targets)
    for (auto& target : *targets) found.push_back(target.action);
  return found;
}
std::string trouble(std::string_view text) {
  const auto targets = parse_targets(text);
  return targets ? "none" : targets.error().text;
}

TEST(Targets, EveryKindIsKnownByItsForm) {
  EXPECT_EQ(
      actions("joe, jane@example.org, /var/log/mail, /home/joe/Maildir/, \\root, :include:/etc/list, |/bin/prog -x"),
      (std::vector<Action>{Forward{"joe"}, Forward{"jane@example.org"}, Mbox{"/var/log/mail"},
                           Maildir{"/home/joe/Maildir/"}, Self{"root"}, Include{"/etc/list"},
                           Program{"/bin/prog -x"}}));
}

TEST(Targets, QuotesKeepCommasAndSpacesTogether) {
  EXPECT_EQ(actions(R"("|prog a, b \"c\" \\d", "/dir/with space", "joe smith", ":include:/a b")"),
            (std::vector<Action>{Program{R"(prog a, b "c" \d)"}, Mbox{"/dir/with space"}, Forward{"joe smith"},
                                 Include{"/a b"}}));
  EXPECT_EQ(actions(R"(|"exec /bin/vacation joe, jack")"),
            (std::vector<Action>{Program{"exec /bin/vacation joe, jack"}}));
}

TEST(Targets, NamesAndCommentsAroundAddressesAreDropped) {
  EXPECT_EQ(actions("Joe Smith <joe@example.org>, \"Smith, J\" <j@example.org>, jane (the boss, really)"),
            (std::vector<Action>{Forward{"joe@example.org"}, Forward{"j@example.org"}, Forward{"jane"}}));
}

TEST(Targets, QuotedLocalPartsStayAsTheyAre) {
  EXPECT_EQ(actions(R"("a, b"@example.org)"), (std::vector<Action>{Forward{R"("a, b"@example.org)"}}));
}

TEST(Targets, EmptyPlacesAreNothing) {
  EXPECT_TRUE(actions("").empty());
  EXPECT_EQ(actions(" ,, a ,\n,").size(), 1u);
}

TEST(Targets, ErrorsSayWhatAndWhere) {
  EXPECT_EQ(trouble("a b"), "white space inside an address: a comma is missing");
  EXPECT_EQ(trouble("a, \"b"), "a quote is not closed");
  EXPECT_EQ(trouble("a \"b\n\""), "a quote is not closed on its line");
  EXPECT_EQ(trouble("(a"), "a '(' is not closed");
  EXPECT_EQ(trouble("<a"), "a '<' is not closed");
  EXPECT_EQ(trouble("<a> <b>"), "two addresses in '<' and '>': a comma is missing");
  EXPECT_EQ(trouble("|"), "a program without a name");
  EXPECT_EQ(trouble(":include:x"), ":include: needs a path that begins with '/'");
  EXPECT_EQ(trouble("\\"), "'\\' without a name");
  EXPECT_EQ(trouble("\"\""), "an empty name");
  EXPECT_EQ(trouble("<>"), "an empty address");
  EXPECT_EQ(trouble("a\x01"), "a control character");
  EXPECT_EQ(parse_targets("ok,  bad one").error().at, 5u);
  EXPECT_NE(trouble(std::string(kMaximumTarget + 1, 'x')), "none");
}

TEST(Targets, AreShownAsPeopleWriteThem) {
  std::string all;
  for (const Action& action : actions("a@b, \\c, |d e, /f, /g/, :include:/h")) all += to_string(action) + ';';
  EXPECT_EQ(all, "a@b;\\c;|d e;/f;/g/;:include:/h;");
}

TEST(DotForward, LinesAndCommasSeparateAndCommentsAreNothing) {
  const auto list = parse_dot_forward("# away\n\\joe, \"|/usr/bin/vacation joe\"\n\n  jane@example.org\n");
  ASSERT_TRUE(list);
  EXPECT_EQ(*list, (std::vector<Instruction>{
                       {Self{"joe"}, 2}, {Program{"/usr/bin/vacation joe"}, 2}, {Forward{"jane@example.org"}, 4}}));
}

TEST(DotForward, EmptyFileSaysNothing) { EXPECT_TRUE(parse_dot_forward("# only this\n")->empty()); }

TEST(DotForward, ErrorNamesItsLine) {
  const auto list = parse_dot_forward("a\nb c\n");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().line, 2u);
  EXPECT_EQ(list.error().text,
            "Line 2 of the .forward file: white space inside an address: a comma is missing. (#4.2.1)");
}

TEST(DotForward, SizeAndNumberAreBounded) {
  EXPECT_FALSE(parse_dot_forward(std::string(kMaximumInstructionFile + 1, '\n')));
  std::string text;
  for (std::size_t i = 0; i <= kMaximumInstructions; ++i) text += "a,";
  EXPECT_FALSE(parse_dot_forward(text));
}

TEST(Include, ProgramsAndFilesNeedLeave) {
  EXPECT_EQ(parse_include("a@b\n\\c\n", false)->size(), 2u);
  for (const char* text : {"|x\n", "/f\n", "/d/\n", ":include:/x\n"}) {
    const auto refused = parse_include(text, false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, (mail::EnhancedCode{4, 7, 0}));
    EXPECT_TRUE(parse_include(text, true));
  }
}

}  // namespace
}  // namespace sluice::local
