#include "core/local/alias_target.h"

#include <fmt/format.h>

#include <optional>
#include <type_traits>
#include <utility>

#include "base/bytes.h"

namespace sluice::local {

namespace {

constexpr std::string_view kIncludeMark = ":include:";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Follows quotes, brackets and comments, so that the caller knows whether an octet stands outside of all.
class Nesting {
 public:
  // The state after one more octet. Whether that octet itself belongs to something nested (also as its delimiter).
  bool step(char c) {
    if (escaped_) return escaped_ = false, true;
    if (quoted_) {
      if (c == '\\') escaped_ = true;
      if (c == '"') quoted_ = false;
      return true;
    }
    if (c == '"') return quoted_ = true;
    if (comments_ > 0) {
      if (c == '\\') escaped_ = true;
      if (c == '(') ++comments_;
      if (c == ')') --comments_;
      return true;
    }
    if (c == '(') return ++comments_, true;
    if (c == '<') return angle_ = true;
    if (c == '>') return std::exchange(angle_, false);
    return angle_;
  }
  // What is open, for a message; null: nothing.
  const char* open() const {
    return quoted_         ? "a quote is not closed"
           : comments_ > 0 ? "a '(' is not closed"
           : angle_        ? "a '<' is not closed"
                           : nullptr;
  }
  bool in_comment() const { return comments_ > 0; }
  bool in_quote() const { return quoted_; }

 private:
  bool quoted_ = false, angle_ = false, escaped_ = false;
  int comments_ = 0;
};

// The inside of `text` if it is one quoted string from end to end.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') return std::nullopt;
  std::string inside;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(std::move(inside)) : std::nullopt;
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    inside += text[i];
  }
  return std::nullopt;
}
std::string without_quotes(std::string_view text) {
  text = trimmed(text);
  auto inside = unquoted(text);
  return inside ? *std::move(inside) : std::string(text);
}

using Reading = Result<Action, std::string>;

Reading program(std::string_view command) {
  std::string text = without_quotes(command);
  if (trimmed(text).empty()) return fail(std::string("a program without a name"));
  return Program{std::move(text)};
}
Reading file(std::string path) {
  if (path.ends_with('/')) return Maildir{std::move(path)};
  return Mbox{std::move(path)};
}
Reading include(std::string_view rest) {
  std::string path = without_quotes(rest);
  if (!path.starts_with('/')) return fail(std::string(":include: needs a path that begins with '/'"));
  return Include{std::move(path)};
}

// Of "Name (comment) <address>": the address. Quotes stay.
Result<std::string, std::string> address_in(std::string_view text) {
  Nesting nesting;
  std::string outside, inside;
  bool angle = false, in_angle = false;
  for (const char c : text) {
    const bool quoted_before = nesting.in_quote(), comment_before = nesting.in_comment();
    nesting.step(c);
    if (comment_before || nesting.in_comment()) continue;
    const bool plain = !quoted_before && !nesting.in_quote();
    if (plain && c == '<') {
      if (angle) return fail(std::string("two addresses in '<' and '>': a comma is missing"));
      angle = in_angle = true;
    } else if (plain && c == '>') {
      if (!in_angle) return fail(std::string("'>' without '<'"));
      in_angle = false;
    } else {
      (in_angle ? inside : outside) += c;
    }
  }
  return std::string(trimmed(angle ? inside : outside));
}

Reading address(std::string_view text) {
  auto address = address_in(text);
  if (!address) return fail(std::move(address.error()));
  if (address->empty()) return fail(std::string("an empty address"));
  Nesting nesting;
  for (const char c : *address)
    if (!nesting.step(c) && is_space(c)) return fail(std::string("white space inside an address: a comma is missing"));
  if (auto name = unquoted(*address)) return Forward{*std::move(name)};
  return Forward{*std::move(address)};
}

Reading classify(std::string_view text) {
  if (text.front() == '|') return program(text.substr(1));
  if (text.front() == '/') return file(std::string(text));
  if (ascii_equal_ignore_case(text.substr(0, kIncludeMark.size()), kIncludeMark))
    return include(text.substr(kIncludeMark.size()));
  if (text.front() == '\\') {
    std::string user(text.substr(1));
    if (user.empty()) return fail(std::string("'\\' without a name"));
    if (user.find('@') != std::string::npos) return Forward{std::move(user)};
    for (const char c : user)
      if (is_space(c)) return fail(std::string("white space inside a name: a comma is missing"));
    return Self{std::move(user)};
  }
  if (auto inside = unquoted(text)) {
    if (inside->empty()) return fail(std::string("an empty name"));
    if (inside->front() == '|') return program(std::string_view(*inside).substr(1));
    if (inside->front() == '/') return file(*std::move(inside));
    if (ascii_equal_ignore_case(inside->substr(0, kIncludeMark.size()), kIncludeMark))
      return include(inside->substr(kIncludeMark.size()));
    return Forward{*std::move(inside)};
  }
  return address(text);
}

}  // namespace

Result<std::vector<PlacedTarget>, TargetError> parse_targets(std::string_view text) {
  std::vector<PlacedTarget> targets;
  std::size_t begin = 0;
  Nesting nesting;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size()) {
      const char c = text[at];
      if (c == '\n' && nesting.in_quote()) return fail(TargetError{at, "a quote is not closed on its line"});
      if ((static_cast<unsigned char>(c) < 0x20 && !is_space(c)) || c == 0x7f)
        return fail(TargetError{at, "a control character"});
      if (nesting.step(c) || c != ',') continue;
    } else if (nesting.open() != nullptr) {
      return fail(TargetError{begin, nesting.open()});
    }
    const std::string_view target = trimmed(text.substr(begin, at - begin));
    if (!target.empty()) {
      const auto placed = static_cast<std::size_t>(target.data() - text.data());
      if (target.size() > kMaximumTarget)
        return fail(TargetError{placed, fmt::format("a target of more than {} octets", kMaximumTarget)});
      auto action = classify(target);
      if (!action) return fail(TargetError{placed, std::move(action.error())});
      targets.push_back({*std::move(action), placed});
    }
    begin = at + 1;
  }
  return targets;
}

std::string to_string(const Action& action) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Program>)
          return '|' + value.command;
        else if constexpr (std::is_same_v<T, Forward>)
          return value.address;
        else if constexpr (std::is_same_v<T, Self>)
          return '\\' + value.user;
        else if constexpr (std::is_same_v<T, Include>)
          return std::string(kIncludeMark) + value.path;
        else
          return value.path;
      },
      action);
}

}  // namespace sluice::local
