#include "core/monitor/arithmetic.h"

#include <charconv>
#include <cmath>

namespace sluice::monitor {

namespace {

using Value = Result<double, ArithmeticError>;

// One function for each level of the grammar:
//   sum      product (("+" | "-") product)*
//   product  factor (("*" | "/") factor)*
//   factor   ("+" | "-") factor | "(" sum ")" | number
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Value whole() {
    const Value value = sum();
    if (value && next() != '\0') return fail(ArithmeticError::kSyntax);
    return value;
  }

 private:
  static constexpr int kDepth = 64;

  // The next character that is no space; 0 at the end. An octet 0 ends nothing: it is refused where it is taken.
  char next() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_.front() == '\0' ? '?' : rest_.front();
  }
  char take() {
    const char taken = next();
    rest_.remove_prefix(1);
    return taken;
  }

  Value sum() {
    Value left = product();
    while (left && (next() == '+' || next() == '-')) {
      const bool minus = take() == '-';
      const Value right = product();
      if (!right) return right;
      left = finite(minus ? *left - *right : *left + *right);
    }
    return left;
  }

  Value product() {
    Value left = factor();
    while (left && (next() == '*' || next() == '/')) {
      const bool divides = take() == '/';
      const Value right = factor();
      if (!right) return right;
      if (divides && *right == 0) return fail(ArithmeticError::kDivisionByZero);
      left = finite(divides ? *left / *right : *left * *right);
    }
    return left;
  }

  Value factor() {
    if (depth_ == kDepth) return fail(ArithmeticError::kTooLong);
    ++depth_;
    const Value value = inner_factor();
    --depth_;
    return value;
  }

  Value inner_factor() {
    const char first = next();
    if (first == '+' || first == '-') {
      take();
      const Value value = factor();
      return value && first == '-' ? Value(-*value) : value;
    }
    if (first != '(') return number();
    take();
    const Value value = sum();
    if (!value) return value;
    if (next() != ')') return fail(ArithmeticError::kSyntax);
    take();
    return value;
  }

  Value number() {
    double value = 0;
    if (const char first = next(); (first < '0' || first > '9') && first != '.') return fail(ArithmeticError::kSyntax);
    const auto [end, error] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, std::chars_format::fixed);
    if (error == std::errc::result_out_of_range) return fail(ArithmeticError::kRange);
    if (error != std::errc{}) return fail(ArithmeticError::kSyntax);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return finite(value);
  }

  static Value finite(double value) {
    if (!std::isfinite(value)) return fail(ArithmeticError::kRange);
    return value;
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

std::string_view to_string(ArithmeticError error) {
  switch (error) {
    case ArithmeticError::kSyntax:
      return "it is not an arithmetic expression";
    case ArithmeticError::kDivisionByZero:
      return "it divides by zero";
    case ArithmeticError::kTooLong:
      return "it is too long";
    case ArithmeticError::kRange:
      return "its value is too large";
  }
  return "unknown error";
}

Value evaluate(std::string_view text) {
  if (text.size() > kMaximumExpression) return fail(ArithmeticError::kTooLong);
  return Parser(text).whole();
}

}  // namespace sluice::monitor
