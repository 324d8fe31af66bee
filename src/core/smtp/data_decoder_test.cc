#include "core/smtp/data_decoder.h"

#include <gtest/gtest.h>

#include <random>

namespace sluice::smtp {
namespace {

struct StringSink : OctetSink {
  std::string text;
  void write(Octets octets) override { text.append(octets); }
};

struct Decoded {
  std::string text;
  std::string rest;  // octets after the end of data
  bool ended = false;
  Defect defect = Defect::kNone;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

struct Options {
  BareNewlines policy = BareNewlines::kRefuse;
  MessageLimits limits = {};
  Framing framing = Framing::kDots;
};

Decoded decode_pieces(const std::vector<Octets>& pieces, const Options& options) {
  DataDecoder decoder(options.framing, options.policy, options.limits);
  StringSink sink;
  Decoded decoded;
  for (const Octets piece : pieces) {
    const std::size_t used = decoder.ended() ? 0 : decoder.decode(piece, sink);
    decoded.rest.append(piece.substr(used));
  }
  if (options.framing == Framing::kCounted) decoder.finish(sink);
  decoded.ended = decoder.ended();
  decoded.defect = decoder.defect();
  if (decoded.defect == Defect::kNone) decoded.text = sink.text;
  return decoded;
}

// Decodes in one piece and checks that octet by octet and in any two pieces the result is the same.
Decoded decode(Octets input, const Options& options = {}) {
  const Decoded whole = decode_pieces({input}, options);
  std::vector<Octets> single;
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  EXPECT_EQ(decode_pieces(single, options), whole);
  for (std::size_t i = 0; i <= input.size(); ++i) {
    EXPECT_EQ(decode_pieces({input.substr(0, i), input.substr(i)}, options), whole) << "cut at " << i;
  }
  return whole;
}

TEST(Data, EndsAtCrlfDotCrlfAndLeavesTheRest) {
  EXPECT_EQ(decode("Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n"),
            (Decoded{"Subject: x\r\n\r\nbody\r\n", "QUIT\r\n", true, Defect::kNone}));
}

TEST(Data, ADotInTheFirstLineIsAnEmptyMessage) {
  EXPECT_EQ(decode(".\r\nRSET\r\n"), (Decoded{"", "RSET\r\n", true, Defect::kNone}));
}

TEST(Data, StuffedDotsAreRemovedOnceAtLineStartsOnly) {
  EXPECT_EQ(decode("..\r\n...a\r\nb.c.\r\n.d\r\n.\r\n").text, ".\r\n..a\r\nb.c.\r\nd\r\n");
}

TEST(Data, NulAndEightBitOctetsPassUnchanged) {
  const Octets wire("a\0b\xff\x80\r\n.\r\n", 10);
  EXPECT_EQ(decode(wire).text, Octets("a\0b\xff\x80\r\n", 7));
}

TEST(Data, AMessageWithoutItsEndIsNotEnded) {
  EXPECT_FALSE(decode("a\r\n.\r").ended);
  EXPECT_FALSE(decode("a\r\n.").ended);
  EXPECT_FALSE(decode("").ended);
}

// The spellings of an end of data that some server has once taken for one (SMTP smuggling, 2023 and later).
const std::string kFalseEnds[] = {"\n.\n",
                                  "\n.\r\n",
                                  "\r.\r",
                                  "\r.\r\n",
                                  "\r\n.\n",
                                  "\r\n.\r",
                                  "\n.\r",
                                  "\r.\n",
                                  "\r\r\n.\r\r\n",
                                  "\r\n.\r\r\n",
                                  "\n\n.\r\n",
                                  "\r\n\n.\n",
                                  "\r\r.\r\r",
                                  "\n\r.\r\n",
                                  {"\r\n\0.\r\n", 6},
                                  {"\r\n.\0\r\n", 6},
                                  {"\r\0\n.\r\n", 6},
                                  "\r\n.\r\0\n",
                                  "\n..\r\n",
                                  "\r\n.\n\r\n",
                                  "\r\n. \r\n",
                                  "\r\n \r\n.\t\r\n"};

TEST(FalseEndOfData, NeverEndsDataAndWhatFollowsStaysData) {
  for (const std::string& end : kFalseEnds) {
    const std::string wire = "one" + end + "MAIL FROM:<evil@x.example>\r\n.\r\nNOOP\r\n";
    for (const BareNewlines policy : {BareNewlines::kRefuse, BareNewlines::kNormalize}) {
      const Decoded decoded = decode(wire, {.policy = policy});
      EXPECT_TRUE(decoded.ended);
      EXPECT_EQ(decoded.rest, "NOOP\r\n") << ::testing::PrintToString(end);
    }
  }
}

TEST(FalseEndOfData, WithABareNewlineIsRefused) {
  for (const std::string& end : kFalseEnds) {
    bool bare = false;
    for (std::size_t i = 0; i < end.size(); ++i) {
      if (end[i] == '\n') bare |= i == 0 || end[i - 1] != '\r';
      if (end[i] == '\r') bare |= i + 1 == end.size() || end[i + 1] != '\n';
    }
    const Decoded decoded = decode("one" + end + "two\r\n.\r\n");
    EXPECT_EQ(decoded.defect, bare ? Defect::kBareNewline : Defect::kNone) << ::testing::PrintToString(end);
  }
}

TEST(Normalize, MakesBareNewlinesCrlfAndUnstuffsOnlyAfterTrueLineEnds) {
  const Options normalize{.policy = BareNewlines::kNormalize};
  EXPECT_EQ(decode("a\nb\rc\r\n.\r\n", normalize).text, "a\r\nb\r\nc\r\n");
  EXPECT_EQ(decode("a\n.\nb\r\n.\r\n", normalize).text, "a\r\n.\r\nb\r\n");
  EXPECT_EQ(decode("a\n..b\r\n..c\r\n.\r\n", normalize).text, "a\r\n..b\r\n.c\r\n");
  EXPECT_EQ(decode("\r\r\r\n.\r\n", normalize).text, "\r\n\r\n\r\n");
}

TEST(MessageLimits, ALineMayBeAsLongAsTheLimitButNotLonger) {
  const Options limited{.limits = {.text_line = 5}};
  EXPECT_EQ(decode("12345\r\n.12345\r\n.\r\n", limited).defect, Defect::kNone);
  EXPECT_EQ(decode("123456\r\n.\r\n", limited).defect, Defect::kLongLine);
  EXPECT_EQ(decode("..2345\r\n.\r\n", limited).defect, Defect::kNone) << "the stuffed dot does not count";
}

TEST(MessageLimits, SizeCountsDecodedOctetsAndReadingGoesOn) {
  const Options limited{.limits = {.octets = 6}};
  EXPECT_EQ(decode("..234\r\n.\r\n", limited), (Decoded{".234\r\n", "", true, Defect::kNone}));
  EXPECT_EQ(decode("12345\r\n.\r\nNOOP\r\n", limited), (Decoded{"", "NOOP\r\n", true, Defect::kTooLarge}));
}

TEST(MessageLimits, NothingMoreIsWrittenOnceADefectIsKnown) {
  DataDecoder decoder(Framing::kDots, BareNewlines::kRefuse, {.octets = 100});
  StringSink sink;
  decoder.decode(std::string(90, 'x'), sink);
  decoder.decode(std::string(90, 'x'), sink);
  EXPECT_EQ(sink.text.size(), 90u);
  EXPECT_EQ(decoder.octets(), 180u);
}

TEST(Chunks, AreTakenAsTheyAreDotsIncluded) {
  const Options chunks{.framing = Framing::kCounted};
  EXPECT_EQ(decode(".\r\n..a\r\n.\r\nb", chunks).text, ".\r\n..a\r\n.\r\nb");
}

TEST(Chunks, BareNewlinesAreFoundAcrossTheirBorders) {
  const Options chunks{.framing = Framing::kCounted};
  EXPECT_EQ(decode("a\r\nb\r\n", chunks).defect, Defect::kNone);
  EXPECT_EQ(decode("a\nb\r\n", chunks).defect, Defect::kBareNewline);
  EXPECT_EQ(decode("a\r", chunks).defect, Defect::kBareNewline);
  EXPECT_EQ(decode("a\r", {.policy = BareNewlines::kNormalize, .framing = Framing::kCounted}).text, "a\r\n");
  EXPECT_EQ(decode("123456", {.limits = {.text_line = 5}, .framing = Framing::kCounted}).defect, Defect::kLongLine);
}

TEST(Data, RandomMessagesDecodeTheSameInEverySplit) {
  std::mt19937 random(5);
  const Octets alphabet("\r\n.a\r\n\0", 7);
  for (int round = 0; round < 2000; ++round) {
    std::string wire;
    for (std::size_t i = 0, n = random() % 40; i < n; ++i) wire.push_back(alphabet[random() % alphabet.size()]);
    const auto policy = random() % 2 == 0 ? BareNewlines::kRefuse : BareNewlines::kNormalize;
    decode(wire, {.policy = policy, .limits = {.octets = 15, .text_line = 6}});
  }
}

}  // namespace
}  // namespace sluice::smtp
