#include "body_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

namespace sluice::remote {
namespace {

struct Stored : store::BodyReader {
  std::string octets;
  explicit Stored(std::string text) : octets(std::move(text)) {}
  Result<std::size_t, store::Trouble> read(const queue::BodyRef&, std::uint64_t position, char* to,
                                           std::size_t length) override {
    const Octets rest = Octets(octets).substr(std::min<std::size_t>(position, octets.size()), length);
    std::memcpy(to, rest.data(), rest.size());
    return rest.size();
  }
};

struct Filled {
  std::string content;
  std::uint64_t size = 0;
  int turns = 0;
  std::string error;
};

Filled fill(const std::string& stored, mail::LineForm form, std::size_t piece_size, std::uint64_t claimed) {
  Stored bodies(stored);
  queue::BodyRef body;
  body.length = claimed;
  std::string piece(piece_size, ' ');
  Filled filled;
  auto file = BodyFile::make(::testing::TempDir());
  if (!file) return {"", 0, 0, file.error()};
  for (;;) {
    const auto more = file->fill_more(bodies, body, form, piece);
    ++filled.turns;
    if (!more) return {"", 0, filled.turns, more.error()};
    if (*more == BodyFile::Filled::kAll) break;
  }
  filled.size = file->size();
  filled.content.resize(stored.size() + 1);
  const auto length = ::read(file->from_start().value(), filled.content.data(), filled.content.size());
  filled.content.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return filled;
}

TEST(ABodyFile, HoldsTheMessageWithLfWhereverItIsCut) {
  const std::string crlf = "Subject: x\r\n\r\n.a\r\n\r\nend\r\n";
  for (std::size_t piece = 1; piece <= crlf.size(); ++piece) {
    const Filled filled = fill(crlf, mail::LineForm::kCrlf, piece, crlf.size());
    EXPECT_EQ(filled.content, "Subject: x\n\n.a\n\nend\n") << piece;
    EXPECT_EQ(filled.size, filled.content.size());
  }
}

TEST(ABodyFile, LeavesABodyInLfFormAlone) {
  EXPECT_EQ(fill("a\r\nb\n", mail::LineForm::kLf, 3, 5).content, "a\r\nb\n");
  EXPECT_EQ(fill("", mail::LineForm::kLf, 3, 0).content, "");
}

TEST(ABodyFile, TakesALargeBodyInTurns) {
  const std::string large(3 * BodyFile::kPieces + 1, 'x');
  const Filled filled = fill(large, mail::LineForm::kCrlf, 64 << 10, large.size());
  EXPECT_EQ(filled.turns, 4);
  EXPECT_TRUE(filled.content == large);
}

TEST(ABodyFile, OfAMessageThatIsShorterThanItWasIsNone) {
  EXPECT_EQ(fill("abc", mail::LineForm::kLf, 64, 10).error, "the stored message is shorter than it was");
}

TEST(ABodyFile, NeedsADirectory) { EXPECT_FALSE(BodyFile::make("/nonexistent")); }

}  // namespace
}  // namespace sluice::remote
