#include "core/mail/line_form.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

std::string in_two_pieces(Octets text, std::size_t cut) {
  CrlfToLf converter;
  std::string out;
  converter.append(out, text.substr(0, cut));
  converter.append(out, text.substr(cut));
  converter.finish(out);
  return out;
}

TEST(CrlfToLf, GivesTheSameForEveryCut) {
  constexpr Octets kText = "a\r\n\r\nb\rc\r\r\nd\n\r\n\r";
  for (std::size_t cut = 0; cut <= kText.size(); ++cut)
    EXPECT_EQ(in_two_pieces(kText, cut), "a\n\nb\rc\r\nd\n\n\r") << cut;
}

TEST(CrlfToLf, OneOctetAtATimeIsTheSame) {
  CrlfToLf converter;
  std::string out;
  for (const char c : std::string("x\r\n\ry\r\n")) converter.append(out, Octets(&c, 1));
  converter.finish(out);
  EXPECT_EQ(out, "x\n\ry\n");
}

TEST(AsCrlf, LeavesNoBareCrOrLf) {
  std::string out;
  append_as_crlf(out, "a\nb\r\nc\rd\r\r\ne\n\r");
  EXPECT_EQ(out, "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n\r\n");
}

}  // namespace
}  // namespace sluice::mail
