#include "system/submission/program_text.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

namespace sluice::submission {
namespace {

// A file that holds the text, at its beginning.
std::unique_ptr<FILE, int (*)(FILE*)> file_with(Octets text) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), std::fclose);
  EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file.get()), text.size());
  std::fflush(file.get());
  EXPECT_EQ(::lseek(fileno(file.get()), 0, SEEK_SET), 0);
  return file;
}

std::string rest_of(ProgramText& text) {
  std::string all;
  std::array<char, 1000> piece;
  for (;;) {
    const auto count = text.read(piece.data(), piece.size());
    if (!count || *count == 0) return all;
    all.append(piece.data(), *count);
  }
}

TEST(ProgramText, GivesTheHeaderAndThenTheMessageWithAnotherHeader) {
  const std::string body(300'000, 'x');
  const auto file = file_with("From joe\r\nTo: a\r\n\r\n" + body + "\r\n.\r\nnot this");
  ProgramText text(fileno(file.get()), true);
  ASSERT_TRUE(text.read_header());
  EXPECT_EQ(text.fields(), "To: a\n");
  text.replace_header("To: b\n\n");
  EXPECT_EQ(rest_of(text), "To: b\n\n" + body + "\n");
}

TEST(ProgramText, WithoutAHeaderEverythingIsBody) {
  const auto file = file_with("hello world");
  ProgramText text(fileno(file.get()), false);
  ASSERT_TRUE(text.read_header());
  EXPECT_EQ(text.fields(), "");
  text.replace_header("X: y\n\n");
  EXPECT_EQ(rest_of(text), "X: y\n\nhello world\n");
}

TEST(ProgramText, AnEndlessHeaderIsRefused) {
  const auto file = file_with("X: " + std::string(ProgramText::kLongestHeader + 100'000, 'x'));
  ProgramText text(fileno(file.get()), false);
  EXPECT_FALSE(text.read_header());
  EXPECT_TRUE(text.header_too_long());
}

TEST(ProgramText, InputThatCannotBeReadIsAnError) {
  ProgramText text(-1, false);
  EXPECT_FALSE(text.read_header());
  EXPECT_EQ(text.error(), "cannot read the message: Bad file descriptor");
}

}  // namespace
}  // namespace sluice::submission
