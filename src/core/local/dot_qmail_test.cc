#include "core/local/dot_qmail.h"

#include <gtest/gtest.h>

#include "core/local/permissions.h"

namespace sluice::local {
namespace {

std::vector<Instruction> instructions(Octets text) {
  auto file = parse_dot_qmail(text, false);
  EXPECT_TRUE(file) << file.error().text;
  return file ? file->instructions : std::vector<Instruction>{};
}

TEST(DotQmail, EveryKindOfLineBecomesItsInstruction) {
  EXPECT_EQ(
      instructions("# comment\n./Maildir/\n/var/mail/joe\n|cat >> x; exit 99\n&joe@example.org\njane@example.org\n"),
      (std::vector<Instruction>{{Maildir{"./Maildir/"}, 2},
                                {Mbox{"/var/mail/joe"}, 3},
                                {Program{"cat >> x; exit 99"}, 4},
                                {Forward{"joe@example.org"}, 5},
                                {Forward{"jane@example.org"}, 6}}));
}

TEST(DotQmail, WhiteSpaceAtTheEndOfALineDoesNotCount) {
  EXPECT_EQ(instructions("./Mailbox \t\n\n  \n#x\n"), (std::vector<Instruction>{{Mbox{"./Mailbox"}, 1}}));
}

TEST(DotQmail, LastLineNeedsNoLineFeed) {
  EXPECT_EQ(instructions("&a\n&b"), (std::vector<Instruction>{{Forward{"a"}, 1}, {Forward{"b"}, 2}}));
}

TEST(DotQmail, EmptyFileMeansTheDefaultDelivery) {
  const auto file = parse_dot_qmail("", false);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->use_default);
}

TEST(DotQmail, FileOfCommentsDiscards) {
  const auto file = parse_dot_qmail("# nothing\n", false);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->use_default);
  EXPECT_TRUE(file->instructions.empty());
}

TEST(DotQmail, BlankFirstLineIsAnError) {
  for (const char* text : {"\n", " \t\n&a\n", "\n./Maildir/\n"}) {
    const auto file = parse_dot_qmail(text, false);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().line, 1u);
    EXPECT_EQ(file.error().text, "Line 1 of the .qmail file is blank. (#4.2.1)");
  }
}

TEST(DotQmail, ExecutableFileHoldsForwardsOnly) {
  EXPECT_TRUE(parse_dot_qmail("&a\nb\n# c\n", true));
  const auto file = parse_dot_qmail("&a\n|x\n", true);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().line, 2u);
  EXPECT_EQ(file.error().code, (mail::EnhancedCode{4, 7, 0}));
  EXPECT_EQ(to_outcome(file.error()).verdict, mail::Verdict::kDeferred);
  EXPECT_FALSE(parse_dot_qmail("./Maildir/\n", true));
}

TEST(DotQmail, ListHoldsForwardsOnlyFromItsLineOn) {
  const auto list = parse_dot_qmail("+list\n&a\n", false);
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->list);
  EXPECT_FALSE(parse_dot_qmail("+list\n./Maildir/\n", false));
  EXPECT_TRUE(parse_dot_qmail("./Maildir/\n+list\n&a\n", false));
  EXPECT_TRUE(instructions("+other\n").empty());
}

TEST(DotQmail, NulAndEmptyAddressAreErrors) {
  EXPECT_FALSE(parse_dot_qmail(Octets("&a\0b\n", 5), false));
  EXPECT_FALSE(parse_dot_qmail("&\n", false));
}

TEST(DotQmail, BinaryAddressesAreTakenAsTheyStand) {
  EXPECT_EQ(instructions("\xff\xfe@\x01\n"), (std::vector<Instruction>{{Forward{"\xff\xfe@\x01"}, 1}}));
}

TEST(DotQmail, SizeAndNumberAreBounded) {
  EXPECT_FALSE(parse_dot_qmail(std::string(kMaximumInstructionFile + 1, '#'), false));
  std::string text;
  for (std::size_t i = 0; i < kMaximumInstructions; ++i) text += "a\n";
  EXPECT_TRUE(parse_dot_qmail(text, false));
  const auto file = parse_dot_qmail(text + "a\n", false);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().line, kMaximumInstructions + 1);
}

TEST(Permissions, HomeThatOthersMayWriteOrThatIsStickyDefers) {
  EXPECT_FALSE(judge_home({0040755, 1000}));
  EXPECT_FALSE(judge_home({0040700, 1000}));
  EXPECT_EQ(judge_home({0040775, 1000})->code, (mail::EnhancedCode{4, 7, 0}));
  EXPECT_TRUE(judge_home({0040757, 1000}));
  EXPECT_FALSE(judge_home({0040775, 1000}, 0002));
  EXPECT_EQ(judge_home({0041755, 1000})->code, (mail::EnhancedCode{4, 2, 1}));
  EXPECT_TRUE(judge_home({0100644, 1000}));
}

TEST(Permissions, DotQmailMustBeARegularFileOfOneWriter) {
  EXPECT_FALSE(judge_dot_qmail({0100644, 1000}));
  EXPECT_TRUE(judge_dot_qmail({0100664, 1000}));
  EXPECT_TRUE(judge_dot_qmail({0100646, 1000}));
  EXPECT_TRUE(judge_dot_qmail({0010644, 1000}));
  EXPECT_TRUE(forwards_only({0100744, 1000}));
  EXPECT_FALSE(forwards_only({0100654, 1000}));
}

TEST(Permissions, DotForwardBelongsToTheUserOrRoot) {
  EXPECT_FALSE(judge_dot_forward({0100600, 1000}, 1000));
  EXPECT_FALSE(judge_dot_forward({0100644, 0}, 1000));
  EXPECT_TRUE(judge_dot_forward({0100644, 1001}, 1000));
  EXPECT_TRUE(judge_dot_forward({0100664, 1000}, 1000));
  EXPECT_TRUE(judge_dot_forward({0040755, 1000}, 1000));
}

}  // namespace
}  // namespace sluice::local
