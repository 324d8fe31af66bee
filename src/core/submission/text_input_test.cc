#include "core/submission/text_input.h"

#include <gtest/gtest.h>

namespace sluice::submission {
namespace {

// Each way of cutting the text in two must give the same.
std::string read(Octets text, bool dot_ends, bool* ended = nullptr) {
  std::string result;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    TextInput input(dot_ends);
    std::string out;
    input.append(out, text.substr(0, cut));
    input.append(out, text.substr(cut));
    input.finish(out);
    if (cut > 0) {
      EXPECT_EQ(out, result) << "cut at " << cut;
    }
    result = out;
    if (ended != nullptr) *ended = input.ended();
  }
  return result;
}

TEST(TextInput, LineEndsBecomeLfAndTheLastLineGetsOne) {
  EXPECT_EQ(read("a\r\nb\nc", false), "a\nb\nc\n");
  EXPECT_EQ(read("a\rb\r\n", false), "a\rb\n");
  EXPECT_EQ(read("a\r", false), "a\n");
  EXPECT_EQ(read("", false), "");
}

TEST(TextInput, ALoneDotEndsTheTextOnlyIfItMay) {
  bool ended = false;
  EXPECT_EQ(read("a\n.\nb\n", true, &ended), "a\n");
  EXPECT_TRUE(ended);
  EXPECT_EQ(read("a\r\n.\r\nb\r\n", true), "a\n");
  EXPECT_EQ(read(".\nb\n", true), "");
  EXPECT_EQ(read("a\n.", true), "a\n");
  EXPECT_EQ(read("a\n.\nb\n", false), "a\n.\nb\n");
}

TEST(TextInput, OtherDotsAreText) {
  bool ended = true;
  EXPECT_EQ(read("..\n.a\n. \na.\n.", false, &ended), "..\n.a\n. \na.\n.\n");
  EXPECT_EQ(read("..\n.a\n. \na.\n...\n\n.b", true, &ended), "..\n.a\n. \na.\n...\n\n.b\n");
  EXPECT_FALSE(ended);
}

HeadRange head_of(Octets text) { return find_head(text, true).value_or(HeadRange{99, 99, 99}); }

TEST(Head, EndsAtTheEmptyLine) { EXPECT_EQ(head_of("To: a\n b\nX: y\n\nbody\n"), (HeadRange{0, 14, 15})); }

TEST(Head, EndsBeforeTheFirstLineThatIsNoField) {
  EXPECT_EQ(head_of("hello world\n"), (HeadRange{0, 0, 0}));
  EXPECT_EQ(head_of("To: a\nhello there: you\n"), (HeadRange{0, 6, 6}));
  EXPECT_EQ(head_of(" To: a\n"), (HeadRange{0, 0, 0}));
  EXPECT_EQ(head_of("\nTo: a\n"), (HeadRange{0, 0, 1}));
  EXPECT_EQ(head_of(""), (HeadRange{0, 0, 0}));
}

TEST(Head, BeginsBehindTheLineOfAMailboxFile) {
  EXPECT_EQ(head_of("From joe Sat Nov 21\nTo: a\n\nb"), (HeadRange{20, 26, 27}));
  EXPECT_EQ(head_of("From joe"), (HeadRange{8, 8, 8}));
}

TEST(Head, IsNotJudgedBeforeItIsKnown) {
  EXPECT_EQ(find_head("Fro", false), std::nullopt);
  EXPECT_EQ(find_head("To: a\nhello", false), std::nullopt);
  EXPECT_EQ(find_head("To: a\n", false), std::nullopt);
  EXPECT_TRUE(find_head("To: a\nhello\n", false));
}

}  // namespace
}  // namespace sluice::submission
