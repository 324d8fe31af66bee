#include "core/monitor/arithmetic.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::monitor {
namespace {

TEST(Arithmetic, GivesTheValueOfAnExpression) {
  const std::pair<const char*, double> cases[] = {
      {"0", 0},       {"0.45", 0.45}, {".5", 0.5},  {"5/20", 0.25}, {"1 + 2 * 3", 7},
      {"(1+2)*3", 9}, {"8/4/2", 1},   {"7-2-1", 4}, {"-3 + 5", 2},  {"2*-3", -6},
      {"--1", 1},     {" 1.5 ", 1.5}, {"+(2)", 2},  {"10/4", 2.5},  {"((((1))))/(2)", 0.5}};
  for (const auto& [text, value] : cases) {
    const auto result = evaluate(text);
    ASSERT_TRUE(result) << text;
    EXPECT_DOUBLE_EQ(*result, value) << text;
  }
}

TEST(Arithmetic, RefusesWhatIsNoExpression) {
  using std::string_view_literals::operator""sv;
  for (const auto text : {""sv, " "sv, "x"sv, "1+"sv, "1 2"sv, "(1"sv, "1)"sv, "()"sv, "5//2"sv, "1e3"sv, "0x10"sv,
                          "inf"sv, "nan"sv, "1,5"sv, "1\0"sv, "\0"sv, "1%"sv})
    EXPECT_EQ(evaluate(text), fail(ArithmeticError::kSyntax)) << text;
}

TEST(Arithmetic, DivisionByZeroIsAnErrorHoweverTheZeroIsWritten) {
  for (const char* text : {"1/0", "0/0", "1/0.0", "1/-0", "3/(2-2)"})
    EXPECT_EQ(evaluate(text), fail(ArithmeticError::kDivisionByZero)) << text;
}

TEST(Arithmetic, NothingButFiniteNumbersComesOut) {
  const std::string large(300, '9');
  EXPECT_TRUE(evaluate(large));
  for (const std::string& text : {std::string(400, '9'), large + "*" + large,
                                  large + "/." + std::string(300, '0') + "1", "0*(" + large + "*" + large + ")"})
    EXPECT_EQ(evaluate(text), fail(ArithmeticError::kRange)) << text;
}

TEST(Arithmetic, LengthAndDepthAreBounded) {
  EXPECT_EQ(evaluate(std::string(kMaximumExpression + 1, '1')), fail(ArithmeticError::kTooLong));
  EXPECT_EQ(evaluate(std::string(200, '(')), fail(ArithmeticError::kTooLong));
  EXPECT_EQ(evaluate(std::string(200, '-') + "1"), fail(ArithmeticError::kTooLong));
}

}  // namespace
}  // namespace sluice::monitor
