#include "core/settings/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace sluice::settings {
namespace {

using Status = Result<void, GrammarError>;

template <class T>
Result<T, GrammarError> in_range(Result<T, GrammarError> parsed, std::uint64_t number, const Shape& shape) {
  if (!parsed) return parsed;
  if (number == 0 && shape.least_but_zero != 0) return parsed;
  if (number < std::max(shape.least, shape.least_but_zero)) return fail(GrammarError{0, "the value is too small"});
  if (number > shape.most) return fail(GrammarError{0, "the value is too large"});
  return parsed;
}

Result<bool, GrammarError> parse_boolean(std::string_view text) {
  const std::string word = ascii_lowered(text);
  for (const std::string_view yes : {"true", "yes", "on", "1", "t", "y"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "0", "f", "n"}) {
    if (word == no) return false;
  }
  return fail(GrammarError{0, fmt::format("\"{}\" is neither true nor false", text)});
}

struct Choice {
  std::string_view word;
  BareNewline value;
};
constexpr std::array kBareNewlines{Choice{"refuse", BareNewline::kRefuse},
                                   Choice{"normalize", BareNewline::kNormalize}};

// One overload for each type a member may have: parse `text` and store it.
struct Setter {
  const Declaration& setting;
  std::string_view text;
  TimeUnit unit;
  Settings& settings;

  Status operator()(std::string Settings::*member) const {
    if (text.empty() && !setting.shape.may_be_empty) return fail(GrammarError{0, "the value is empty"});
    if (!text.empty() && setting.shape.check != nullptr) {
      if (auto bad = setting.shape.check(text)) return fail(std::move(*bad));
    }
    settings.*member = text;
    return {};
  }
  Status operator()(std::uint32_t Settings::*member) const {
    auto parsed = parse_integer(text);
    parsed = in_range(parsed, parsed.value_or(0), setting.shape);
    return parsed.map([&](std::uint64_t number) { settings.*member = static_cast<std::uint32_t>(number); });
  }
  Status operator()(bool Settings::*member) const {
    return parse_boolean(text).map([&](bool value) { settings.*member = value; });
  }
  Status operator()(std::chrono::seconds Settings::*member) const {
    auto parsed = parse_duration(text, unit);
    const auto count = parsed.value_or(std::chrono::seconds(0)).count();
    parsed = in_range(parsed, static_cast<std::uint64_t>(count), setting.shape);
    return parsed.map([&](std::chrono::seconds value) { settings.*member = value; });
  }
  Status operator()(std::uint64_t Settings::*member) const {
    auto parsed = parse_size(text);
    parsed = in_range(parsed, parsed.value_or(0), setting.shape);
    return parsed.map([&](std::uint64_t value) { settings.*member = value; });
  }
  Status operator()(BareNewline Settings::*member) const {
    for (const auto& choice : kBareNewlines) {
      if (choice.word == text) return settings.*member = choice.value, Status{};
    }
    return fail(GrammarError{0, fmt::format("\"{}\" is not one of the choices", text)});
  }
  template <class T>
  Status operator()(std::vector<T> Settings::*) const {
    return fail(GrammarError{0, "a list is expected"});
  }
};

struct Adder {
  const Declaration& setting;
  std::string_view text;
  Settings& settings;

  Status operator()(std::vector<std::string> Settings::*member) const {
    if (setting.shape.check != nullptr) {
      if (auto bad = setting.shape.check(text)) return fail(std::move(*bad));
    }
    (settings.*member).emplace_back(text);
    return {};
  }
  template <class T>
  Status operator()(std::vector<T> Settings::*member) const {
    return T::parse(text).map([&](const T& entry) { (settings.*member).push_back(entry); });
  }
  template <class T>
  Status operator()(T Settings::*) const {
    return fail(GrammarError{0, "one value is expected, not a list"});
  }
};

std::string to_text(const std::string& value) { return value; }
std::string to_text(std::uint32_t value) { return fmt::format("{}", value); }
std::string to_text(bool value) { return value ? "true" : "false"; }
std::string to_text(std::chrono::seconds value) { return format_duration(value); }
std::string to_text(std::uint64_t value) { return format_size(value); }
std::string to_text(BareNewline value) {
  for (const auto& choice : kBareNewlines) {
    if (choice.value == value) return std::string(choice.word);
  }
  return {};
}
std::string to_text(const Network& value) { return value.to_text(); }
std::string to_text(const Endpoint& value) { return value.to_text(); }
template <class T>
std::string to_text(const std::vector<T>& entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : ", ") + to_text(entry);
  return text;
}

template <class T>
std::vector<std::string> entries_of(const T& value) {
  return {to_text(value)};
}
template <class T>
std::vector<std::string> entries_of(const std::vector<T>& entries) {
  std::vector<std::string> texts;
  texts.reserve(entries.size());
  for (const auto& entry : entries) texts.push_back(to_text(entry));
  return texts;
}

template <class T>
void clear(T&) {}
template <class T>
void clear(std::vector<T>& entries) {
  entries.clear();
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_separator(char c) { return is_blank(c) || c == ',' || c == '\n'; }

}  // namespace

Status set_value(const Declaration& setting, std::string_view text, TimeUnit unit, Settings& settings) {
  return std::visit(Setter{setting, text, unit, settings}, setting.member);
}

Status add_entry(const Declaration& setting, std::string_view text, Settings& settings) {
  return std::visit(Adder{setting, text, settings}, setting.member);
}

void clear_list(const Declaration& setting, Settings& settings) {
  std::visit([&](auto member) { clear(settings.*member); }, setting.member);
}

std::string value_text(const Declaration& setting, const Settings& settings) {
  return std::visit([&](auto member) { return to_text(settings.*member); }, setting.member);
}

std::vector<std::string> value_entries(const Declaration& setting, const Settings& settings) {
  return std::visit([&](auto member) { return entries_of(settings.*member); }, setting.member);
}

std::vector<Part> split_list(std::string_view text) {
  std::vector<Part> parts;
  for (std::size_t at = 0; at < text.size();) {
    if (is_separator(text[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < text.size() && !is_separator(text[at])) ++at;
    parts.push_back({text.substr(start, at - start), start});
  }
  return parts;
}

Part trimmed(Part part) {
  while (!part.text.empty() && is_blank(part.text.back())) part.text.remove_suffix(1);
  while (!part.text.empty() && is_blank(part.text.front())) {
    part.text.remove_prefix(1);
    ++part.at;
  }
  return part;
}

}  // namespace sluice::settings
