#include "core/submission/address_list.h"

#include <algorithm>
#include <span>

#include "core/submission/address_tokens.h"

namespace sluice::submission {

namespace {

using Tokens = std::span<const Token>;

// Whether another word may follow the last token of a local part or host: only a dot joins two.
bool joins(const Token& token) { return token.is('.'); }

// "@one,@two:" at the front of what stands between angle brackets; it is taken off.
bool drop_route(Tokens& path) {
  if (path.empty() || !path.front().is('@')) return true;
  const auto colon = std::find_if(path.begin(), path.end(), [](const Token& token) { return token.is(':'); });
  if (colon == path.end()) return false;
  path = path.subspan(static_cast<std::size_t>(colon - path.begin()) + 1);
  return true;
}

// The host that is all of `tokens`, which stand behind the '@'.
Result<void, ListError> read_host(Tokens tokens, ListedAddress& address) {
  if (tokens.empty()) return fail(ListError::kBadHost);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool is_part =
        token.is('.') || token.kind == Token::Kind::kLiteral || (token.kind == Token::Kind::kWord && !token.escaped);
    if (!is_part) return fail(ListError::kBadHost);
    if (i > 0 && !joins(token) && !joins(tokens[i - 1])) return fail(ListError::kTwoWords);
    address.host += token.text;
    address.end = token.end;
  }
  return {};
}

// local-part ["@" host], all of `tokens`.
Result<ListedAddress, ListError> read_address(Tokens tokens) {
  ListedAddress address;
  std::size_t i = 0;
  bool has_word = false;
  for (; i < tokens.size() && !tokens[i].is('@'); ++i) {
    const Token& token = tokens[i];
    if (!token.is_word() && !token.is('.')) return fail(ListError::kStray);
    if (i > 0 && !joins(token) && !joins(tokens[i - 1])) return fail(ListError::kTwoWords);
    has_word |= token.is_word() && !token.text.empty();
    address.local += token.text;
    address.end = token.end;
  }
  if (!has_word) return fail(ListError::kNoAddress);
  if (i == tokens.size()) return address;
  if (const auto host = read_host(tokens.subspan(i + 1), address); !host) return fail(host.error());
  return address;
}

// Addresses of one element of the old style: a new one begins behind white space, unless a dot or an @ joins what
// stands around it.
Result<void, ListError> read_spaced(Tokens tokens, std::vector<ListedAddress>& list) {
  for (std::size_t begin = 0; begin < tokens.size();) {
    std::size_t end = begin + 1;
    const auto binds = [](const Token& token) { return token.is('.') || token.is('@'); };
    while (end < tokens.size() && (binds(tokens[end]) || binds(tokens[end - 1]))) ++end;
    if (end < tokens.size() && tokens[end].begin == tokens[end - 1].end) return fail(ListError::kTwoWords);
    auto address = read_address(tokens.subspan(begin, end - begin));
    if (!address) return fail(address.error());
    list.push_back(std::move(*address));
    begin = end;
  }
  return {};
}

// Reads a list from left to right; an element ends at , or ; or at the end, and a group's name at a colon.
class ListReader {
 public:
  ListReader(Tokens tokens, bool spaces) : tokens_(tokens), spaces_(spaces) {}

  Result<std::vector<ListedAddress>, ListError> read() {
    for (std::size_t at = 0; at < tokens_.size();) {
      const auto next = step(at);
      if (!next) return fail(next.error());
      at = *next;
    }
    if (const auto last = element(tokens_.size()); !last) return fail(last.error());
    return std::move(list_);
  }

 private:
  // Handles the token at `at`; the offset of the next.
  Result<std::size_t, ListError> step(std::size_t at) {
    const Token& token = tokens_[at];
    if (token.is('<')) return angle(at);
    if (token.is('>')) return fail(ListError::kStray);
    if (token.is(':')) {  // what stood before it is the name of a group
      if (at == begin_) return fail(ListError::kStray);
      begin_ = at + 1;
    } else if (token.is(',') || token.is(';')) {
      if (const auto read = element(at); !read) return fail(read.error());
      begin_ = at + 1;
      behind_angle_ = false;
    }
    return at + 1;
  }

  // An address between brackets; what stood before them is a display name.
  Result<std::size_t, ListError> angle(std::size_t at) {
    std::size_t close = at + 1;
    while (close < tokens_.size() && !tokens_[close].is('>')) ++close;
    if (close == tokens_.size()) return fail(ListError::kUnclosedAngle);
    Tokens path = tokens_.subspan(at + 1, close - at - 1);
    begin_ = close + 1;
    behind_angle_ = true;
    if (path.empty()) {
      list_.push_back({.local = {}, .host = {}, .end = tokens_[close].end - 1, .is_null = true});
      return close + 1;
    }
    if (!drop_route(path)) return fail(ListError::kNoAddress);
    auto address = read_address(path);
    if (!address) return fail(address.error());
    list_.push_back(std::move(*address));
    return close + 1;
  }

  // The element from begin_ to `end` without brackets; it may be empty.
  Result<void, ListError> element(std::size_t end) {
    if (begin_ == end) return {};
    if (behind_angle_) return fail(ListError::kTwoWords);  // "<a@b> joe": a name or a mailbox?
    const Tokens tokens = tokens_.subspan(begin_, end - begin_);
    if (spaces_) return read_spaced(tokens, list_);
    auto address = read_address(tokens);
    if (!address) return fail(address.error());
    list_.push_back(std::move(*address));
    return {};
  }

  Tokens tokens_;
  bool spaces_;
  std::size_t begin_ = 0;      // of the element that is being read
  bool behind_angle_ = false;  // it follows a ">" without a comma
  std::vector<ListedAddress> list_;
};

}  // namespace

std::string_view to_text(ListError error) {
  switch (error) {
    case ListError::kUnclosedComment:
      return "a comment has no closing parenthesis";
    case ListError::kUnclosedQuote:
      return "a quoted string has no closing quote";
    case ListError::kUnclosedLiteral:
      return "an address literal has no closing bracket";
    case ListError::kUnclosedAngle:
      return "an address has no closing angle bracket";
    case ListError::kStray:
      return "a character stands where none of its kind can";
    case ListError::kNoAddress:
      return "an address is missing";
    case ListError::kTwoWords:
      return "words stand side by side without a comma or an address between angle brackets";
    case ListError::kBadHost:
      return "behind an @ stands no host name, or more than one";
  }
  return {};
}

Result<std::vector<ListedAddress>, ListError> parse_address_list(Octets text, ListStyle style) {
  const auto tokens = tokens_of(text);
  if (!tokens) return fail(tokens.error());
  const bool spaces = style == ListStyle::kSpacesToo && text.find_first_of(",;<(:") == Octets::npos;
  return ListReader(*tokens, spaces).read();
}

}  // namespace sluice::submission
