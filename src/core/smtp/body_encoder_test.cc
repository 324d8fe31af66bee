#include "core/smtp/body_encoder.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/smtp/data_decoder.h"

namespace sluice::smtp {
namespace {

std::string encode_pieces(const std::vector<Octets>& pieces) {
  BodyEncoder encoder;
  std::string wire;
  for (const Octets piece : pieces) encoder.encode(piece, wire);
  encoder.finish(wire);
  return wire;
}

void expect_safe(Octets wire) {
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (wire[i] == '\n') {
      ASSERT_TRUE(i > 0 && wire[i - 1] == '\r') << "bare LF at " << i;
    }
    if (wire[i] == '\r') {
      ASSERT_TRUE(i + 1 < wire.size() && wire[i + 1] == '\n') << "bare CR at " << i;
    }
  }
  const std::string after_354 = "\r\n" + std::string(wire);
  EXPECT_EQ(after_354.find("\r\n.\r\n"), after_354.size() - 5) << "one end, at the very end";
}

std::string encode(Octets body) {
  const std::string whole = encode_pieces({body});
  expect_safe(whole);
  std::vector<Octets> single;
  for (std::size_t i = 0; i < body.size(); ++i) single.push_back(body.substr(i, 1));
  EXPECT_EQ(encode_pieces(single), whole);
  for (std::size_t i = 0; i <= body.size(); ++i) {
    EXPECT_EQ(encode_pieces({body.substr(0, i), body.substr(i)}), whole) << "cut at " << i;
  }
  return whole;
}

TEST(Body, WithCrlfGoesOutAsItIsWithItsDotsDoubled) {
  EXPECT_EQ(encode("a\r\n.b\r\n.\r\n..\r\n"), "a\r\n..b\r\n..\r\n...\r\n.\r\n");
}

TEST(Body, WithLfGetsCrlf) { EXPECT_EQ(encode("a\n.b\n\n.\n"), "a\r\n..b\r\n\r\n..\r\n.\r\n"); }

TEST(Body, ThatDoesNotEndItsLastLineIsCompleted) {
  EXPECT_EQ(encode("a"), "a\r\n.\r\n");
  EXPECT_EQ(encode("."), "..\r\n.\r\n");
  EXPECT_EQ(encode("a\r"), "a\r\n.\r\n");
}

TEST(Body, ThatIsEmptyIsJustTheDot) { EXPECT_EQ(encode(""), ".\r\n"); }

TEST(Body, WithABareCrGetsCrlfThere) { EXPECT_EQ(encode("a\rb\r\r\nc\n\rd"), "a\r\nb\r\n\r\nc\r\n\r\nd\r\n.\r\n"); }

TEST(OutboundSmuggling, KnownFormsComeOutHarmless) {
  for (const Octets form : {"\n.\n", "\n.\r\n", "\r.\r", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n.\r\n",
                            "\r\n.\r\r\n", "\r\r\n.\r\r\n"}) {
    encode("one" + std::string(form) + "MAIL FROM:<evil@x.example>\r\n");
  }
}

struct StringSink : OctetSink {
  std::string text;
  void write(Octets octets) override { text.append(octets); }
};

TEST(OutboundSmuggling, RandomBodiesComeOutHarmlessAndDecodeToThemselvesWithCrlf) {
  std::mt19937 random(6);
  const Octets alphabet("\r\n.a\r\n\0", 7);
  for (int round = 0; round < 2000; ++round) {
    std::string body;
    for (std::size_t i = 0, n = random() % 40; i < n; ++i) body.push_back(alphabet[random() % alphabet.size()]);
    const std::string wire = encode(body);
    DataDecoder decoder(Framing::kDots, BareNewlines::kRefuse, {});
    StringSink sink;
    EXPECT_EQ(decoder.decode(wire, sink), wire.size());
    EXPECT_TRUE(decoder.ended());
    EXPECT_EQ(decoder.defect(), Defect::kNone);
    EXPECT_EQ(encode(sink.text), wire);
  }
}

}  // namespace
}  // namespace sluice::smtp
