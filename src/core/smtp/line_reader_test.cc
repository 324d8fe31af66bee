#include "core/smtp/line_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::smtp {
namespace {

using Event = LineReader::Event;

std::string read_pieces(const std::vector<Octets>& pieces, std::size_t limit) {
  LineReader reader(limit);
  std::string seen;
  for (Octets piece : pieces) {
    for (auto read = reader.read(piece); read.event != Event::kNeedMore; read = reader.read(piece)) {
      switch (read.event) {
        case Event::kLine:
          seen.append("[").append(read.line).append("]");
          break;
        case Event::kTooLong:
          seen.append("!long");
          break;
        case Event::kBareCr:
          seen.append("!cr");
          break;
        case Event::kBareLf:
          seen.append("!lf");
          break;
        case Event::kNeedMore:
          break;
      }
    }
    EXPECT_TRUE(piece.empty());
  }
  return seen;
}

// What the reader makes of the input, the same for every split.
std::string read_all(Octets input, std::size_t limit = 20) {
  const std::string whole = read_pieces({input}, limit);
  std::vector<Octets> single;
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  EXPECT_EQ(read_pieces(single, limit), whole);
  for (std::size_t i = 0; i <= input.size(); ++i) {
    EXPECT_EQ(read_pieces({input.substr(0, i), input.substr(i)}, limit), whole) << "cut at " << i;
  }
  return whole;
}

TEST(CommandLine, EndsAtCrlfOnly) { EXPECT_EQ(read_all("EHLO a\r\n\r\nQUIT\r\nrest"), "[EHLO a][][QUIT]"); }

TEST(CommandLine, WithABareNewlineIsDroppedUpToItsCrlf) {
  EXPECT_EQ(read_all("NOOP\nRSET\nMAIL\r\nQUIT\r\n"), "!lf[QUIT]");
  EXPECT_EQ(read_all("NOOP\rRSET\r\nQUIT\r\n"), "!cr[QUIT]");
  EXPECT_EQ(read_all("NOOP\r\r\nQUIT\r\n"), "!cr[QUIT]");
  EXPECT_EQ(read_all("\n\r\nQUIT\r\n"), "!lf[QUIT]");
}

TEST(CommandLine, MayBeAsLongAsTheLimit) {
  EXPECT_EQ(read_all("12345\r\nQUIT\r\n", 5), "[12345][QUIT]");
  EXPECT_EQ(read_all("123456\r\nQUIT\r\n", 5), "!long[QUIT]");
  EXPECT_EQ(read_all("1234567890\n1234567890\r\nQUIT\r\n", 5), "!long[QUIT]");
}

}  // namespace
}  // namespace sluice::smtp
