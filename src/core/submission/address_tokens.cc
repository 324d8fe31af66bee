#include "core/submission/address_tokens.h"

namespace sluice::submission {

namespace {

constexpr Octets kSpecials = "<>@,;:.";
constexpr Octets kWordEnds = "<>@,;:.()[]\" \t\r\n";

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The offset behind the comment that begins at `at`.
std::optional<std::size_t> skip_comment(Octets text, std::size_t at) {
  for (std::size_t depth = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '(') {
      ++depth;
    } else if (text[at] == ')' && --depth == 0) {
      return at + 1;
    }
  }
  return std::nullopt;
}

// What stands between the octet at `at` and the next `close`, escapes undone. Folds are white space.
std::optional<Token> enclosed(Octets text, std::size_t at, char close) {
  Token token{.kind = close == '"' ? Token::Kind::kQuoted : Token::Kind::kLiteral, .text = {}, .begin = at};
  for (++at; at < text.size(); ++at) {
    if (text[at] == close) {
      token.end = at + 1;
      return token;
    }
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    if (text[at] != '\r' && text[at] != '\n') token.text.push_back(text[at]);
  }
  return std::nullopt;
}

// Nothing: a backslash with nothing behind it that it could escape.
std::optional<Token> word(Octets text, std::size_t at) {
  Token token{.kind = Token::Kind::kWord, .text = {}, .begin = at};
  for (; at < text.size() && kWordEnds.find(text[at]) == Octets::npos; ++at) {
    if (text[at] == '\\') {
      token.escaped = true;
      if (++at == text.size() || text[at] == '\r' || text[at] == '\n') return std::nullopt;
    }
    token.text.push_back(text[at]);
  }
  token.end = at;
  return token;
}

}  // namespace

Result<std::vector<Token>, ListError> tokens_of(Octets text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_white(c)) {
      ++at;
    } else if (c == '(') {
      const auto behind = skip_comment(text, at);
      if (!behind) return fail(ListError::kUnclosedComment);
      at = *behind;
    } else if (c == '"' || c == '[') {
      auto token = enclosed(text, at, c == '"' ? '"' : ']');
      if (!token) return fail(c == '"' ? ListError::kUnclosedQuote : ListError::kUnclosedLiteral);
      if (c == '[') token->text = "[" + token->text + "]";
      at = token->end;
      tokens.push_back(std::move(*token));
    } else if (kSpecials.find(c) != Octets::npos) {
      tokens.push_back({.kind = Token::Kind::kSpecial, .text = std::string(1, c), .begin = at, .end = at + 1});
      ++at;
    } else if (c == ')' || c == ']') {
      return fail(ListError::kStray);
    } else {
      auto token = word(text, at);
      if (!token) return fail(ListError::kStray);
      at = token->end;
      tokens.push_back(std::move(*token));
    }
  }
  return tokens;
}

}  // namespace sluice::submission
