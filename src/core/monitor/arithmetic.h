// Arithmetic as a person types it for setqload: decimal numbers, + - * /, parentheses and signs; the usual precedence,
// left to right. Spaces may stand between the parts.
//
// The text comes from a command line: it is bounded in length and depth, and no input overflows the stack or gives
// anything but a finite number.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace sluice::monitor {

enum class ArithmeticError {
  kSyntax,  // not an expression
  kDivisionByZero,
  kTooLong,  // more than kMaximumExpression octets, or nested too deeply
  kRange,    // not a finite number
};
std::string_view to_string(ArithmeticError error);

inline constexpr std::size_t kMaximumExpression = 1000;

Result<double, ArithmeticError> evaluate(std::string_view text);

}  // namespace sluice::monitor
