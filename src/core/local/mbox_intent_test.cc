#include "core/local/mbox_intent.h"

#include <gtest/gtest.h>

namespace sluice::local {
namespace {

const MboxIntent kIntent{1, 2, 3, 4, "\nFrom a@b Sun Nov 22 07:47:42 2026\nReturn-Path: <a@b>\n"};

bool ours(const std::string& text, std::size_t step = 1000) {
  TornTail tail(kIntent.head);
  for (std::size_t at = 0; at < text.size(); at += step) tail.read(Octets(text).substr(at, step));
  return tail.ours();
}

TEST(MboxIntent, ComesBack) { EXPECT_EQ(decode_intent(encode_intent(kIntent)), kIntent); }

TEST(MboxIntent, DamageIsNoIntent) {
  const std::string good = encode_intent(kIntent);
  EXPECT_FALSE(decode_intent(""));
  EXPECT_FALSE(decode_intent(good.substr(1)));
  EXPECT_FALSE(decode_intent(good + '\0'));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(decode_intent(damaged)) << i;
  }
  MboxIntent headless = kIntent;
  headless.head.clear();
  EXPECT_FALSE(decode_intent(encode_intent(headless)));
}

TEST(MboxIntent, LongHeadIsCut) {
  MboxIntent intent = kIntent;
  intent.head.assign(kMaximumIntent, 'x');
  EXPECT_EQ(decode_intent(encode_intent(intent))->head.size(), kIntentHead);
  EXPECT_LE(encode_intent(intent).size(), kMaximumIntent);
}

TEST(TornTail, EveryBeginningOfOurMessageIsOurs) {
  const std::string message = kIntent.head + "Subject: x\n\n>From me\nFrom\nFromage\n\n";
  for (std::size_t length = 0; length <= message.size(); ++length) {
    EXPECT_TRUE(ours(message.substr(0, length)));
    EXPECT_TRUE(ours(message.substr(0, length), 1));
  }
}

TEST(TornTail, ZerosOfALostWriteAreOurs) {
  EXPECT_TRUE(ours(std::string(10'000, '\0')));
  EXPECT_TRUE(ours(kIntent.head + std::string(100, '\0')));
}

TEST(TornTail, MessageOfAnotherProgramIsNot) {
  EXPECT_FALSE(ours("From c@d Sun Nov 22 08:00:00 2026\n"));
  EXPECT_FALSE(ours("\nFrom c@d Sun Nov 22 07:47:42 2026\n"));
  for (const std::size_t step : {1u, 7u, 1000u})
    EXPECT_FALSE(ours(kIntent.head + "torn\nFrom c@d Sun Nov 22 08:00:00 2026\n", step));
}

}  // namespace
}  // namespace sluice::local
