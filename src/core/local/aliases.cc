#include "core/local/aliases.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "core/local/alias_target.h"
#include "core/mail/address.h"

namespace sluice::local {

namespace {

constexpr std::size_t kLongestName = 256;  // octets; also what a message about one shows
constexpr std::string_view kBlank = " \t\r";

bool begins_with_space(Octets line) { return !line.empty() && kBlank.find(line.front()) != Octets::npos; }
bool is_blank(Octets line) { return line.find_first_not_of(kBlank) == Octets::npos; }

// One line of the file and where it begins.
struct Line {
  Octets text;
  std::size_t number = 0;
};

// The logical lines of the file: an alias with all its continuation lines, those between them blanked out.
class Reader {
 public:
  explicit Reader(Octets text) : rest_(text) { next_line(); }

  bool done() const { return !line_; }
  std::size_t line() const { return first_; }

  // The next entry; its first octet is the first of line(), and every line feed of the file is in it.
  std::string next_entry() {
    std::string entry(line_->text);
    first_ = line_->number;
    next_line();
    while (line_ && (begins_with_space(line_->text) || ignored())) {
      entry += '\n';
      if (!ignored()) entry += line_->text;
      next_line();
    }
    return entry;
  }
  // Lines before the first entry. A continuation of nothing is an error of the caller's to report.
  bool skip_ignored() {
    if (!line_ || !ignored()) return false;
    next_line();
    return true;
  }
  bool continues_nothing() const { return begins_with_space(line_->text); }

 private:
  bool ignored() const { return line_->text.starts_with('#') || is_blank(line_->text); }
  void next_line() {
    if (rest_.empty()) return line_.reset();
    const std::size_t end = rest_.find('\n');
    line_ = Line{rest_.substr(0, end), ++count_};
    rest_.remove_prefix(end == Octets::npos ? rest_.size() : end + 1);
  }

  Octets rest_;
  std::optional<Line> line_;
  std::size_t count_ = 0, first_ = 0;
};

AliasError error_at(std::string_view entry, std::size_t first_line, std::size_t at, std::string text) {
  const std::string_view before = entry.substr(0, at);
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {first_line + lines, at - line_begin + 1, std::move(text)};
}

struct Name {
  std::string name;
  std::size_t end = 0;  // behind the colon
};

// "name :" or "\"name\" :" at the beginning of an entry.
Result<Name, TargetError> read_name(std::string_view entry) {
  Name found;
  std::size_t at = 0;
  if (entry.front() == '"') {
    for (at = 1; at < entry.size() && entry[at] != '"' && entry[at] != '\n'; ++at) {
      if (entry[at] == '\\' && at + 1 < entry.size()) ++at;
      found.name += entry[at];
    }
    if (at >= entry.size() || entry[at] != '"') return fail(TargetError{0, "a quote is not closed"});
    ++at;
  } else {
    at = std::min(entry.find_first_of(": \t\r\n"), entry.size());
    found.name = entry.substr(0, at);
  }
  at = entry.find_first_not_of(kBlank, at);
  if (at == std::string_view::npos || entry[at] != ':')
    return fail(TargetError{at == std::string_view::npos ? 0 : at, "a name and ':' must begin the line"});
  if (found.name.empty()) return fail(TargetError{0, "an alias without a name"});
  if (found.name.size() > kLongestName)
    return fail(TargetError{0, fmt::format("a name of more than {} octets", kLongestName)});
  for (const char c : found.name)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return fail(TargetError{0, "a control character"});
  if (found.name.find('@') != std::string::npos)
    return fail(TargetError{0, "an alias is the name of a user, without a domain"});
  found.end = at + 1;
  return found;
}

Result<Alias, AliasError> read_alias(std::string_view entry, std::size_t line) {
  auto name = read_name(entry);
  if (!name) return fail(error_at(entry, line, name.error().at, std::move(name.error().text)));
  auto targets = parse_targets(entry.substr(name->end));
  if (!targets) return fail(error_at(entry, line, name->end + targets.error().at, std::move(targets.error().text)));
  if (targets->empty()) return fail(error_at(entry, line, name->end - 1, "an alias without targets"));
  if (targets->size() > kMaximumTargetsOfAlias)
    return fail(error_at(entry, line, 0, fmt::format("more than {} targets", kMaximumTargetsOfAlias)));
  Alias alias{std::move(name->name), {}, line};
  alias.targets.reserve(targets->size());
  for (PlacedTarget& target : *targets) alias.targets.push_back(std::move(target.action));
  return alias;
}

char letter_of(const Action& action) {
  return std::visit(
      [](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Maildir>) return 'D';
        if constexpr (std::is_same_v<T, Mbox>) return 'M';
        if constexpr (std::is_same_v<T, Program>) return 'P';
        if constexpr (std::is_same_v<T, Forward>) return 'F';
        if constexpr (std::is_same_v<T, Self>) return 'S';
        if constexpr (std::is_same_v<T, Include>) return 'I';
      },
      action);
}
const std::string& text_of(const Action& action) {
  return std::visit(
      [](const auto& value) -> const std::string& {
        const auto& [text] = value;
        return text;
      },
      action);
}
std::optional<Action> action_of(char letter, Octets text) {
  std::string owned(text);
  switch (letter) {
    case 'D':
      return Maildir{std::move(owned)};
    case 'M':
      return Mbox{std::move(owned)};
    case 'P':
      return Program{std::move(owned)};
    case 'F':
      return Forward{std::move(owned)};
    case 'S':
      return Self{std::move(owned)};
    case 'I':
      return Include{std::move(owned)};
    default:
      return std::nullopt;
  }
}

// Depth-first search over the aliases that name aliases, without recursion: files may be long chains.
class LoopSearch {
 public:
  explicit LoopSearch(const std::vector<Alias>& aliases) : state_(aliases.size(), State::kNew) {
    boost::unordered_flat_map<std::string, std::size_t> numbers;
    for (std::size_t i = 0; i < aliases.size(); ++i) keys_.push_back(alias_key(aliases[i].name));
    for (std::size_t i = 0; i < keys_.size(); ++i) numbers.emplace(keys_[i], i);
    next_.resize(aliases.size());
    for (std::size_t i = 0; i < aliases.size(); ++i)
      for (const Action& action : aliases[i].targets)
        if (const Forward* forward = std::get_if<Forward>(&action))
          if (const auto found = numbers.find(alias_key(forward->address));
              found != numbers.end() && found->second != i)
            next_[i].push_back(found->second);
  }

  std::vector<std::vector<std::string>> run() {
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (state_[i] == State::kNew) walk_from(i);
    return std::move(loops_);
  }

 private:
  enum class State : char { kNew, kOnPath, kDone };
  struct Step {
    std::size_t node, edge = 0;
  };

  void walk_from(std::size_t start) {
    std::vector<Step> path{{start}};
    state_[start] = State::kOnPath;
    while (!path.empty()) {
      const std::size_t node = path.back().node;
      if (path.back().edge == next_[node].size()) {
        state_[node] = State::kDone;
        path.pop_back();
        continue;
      }
      const std::size_t target = next_[node][path.back().edge++];
      if (state_[target] == State::kNew) {
        state_[target] = State::kOnPath;
        path.push_back({target});
      } else if (state_[target] == State::kOnPath) {
        note(path, target);
      }
    }
  }
  void note(const std::vector<Step>& path, std::size_t first) {
    if (loops_.size() >= kMaximumAliasErrors) return;
    auto at = std::find_if(path.begin(), path.end(), [&](const Step& step) { return step.node == first; });
    std::vector<std::string> loop;
    for (; at != path.end(); ++at) loop.push_back(keys_[at->node]);
    loops_.push_back(std::move(loop));
  }

  std::vector<std::string> keys_;
  std::vector<std::vector<std::size_t>> next_;
  std::vector<State> state_;
  std::vector<std::vector<std::string>> loops_;
};

}  // namespace

std::string alias_key(std::string_view name) { return ascii_lowered(name); }

std::string to_string(const AliasError& error) {
  return fmt::format("line {}, column {}: {}", error.line, error.column, error.text);
}

Result<std::vector<Alias>, std::vector<AliasError>> parse_aliases(Octets text) {
  std::vector<Alias> aliases;
  std::vector<AliasError> errors;
  if (text.size() > kMaximumAliasFile)
    return fail(std::vector{AliasError{1, 1, fmt::format("the file is larger than {} octets", kMaximumAliasFile)}});
  boost::unordered_flat_map<std::string, std::size_t> lines;  // where each name was first
  Reader reader(text);
  while (!reader.done() && errors.size() < kMaximumAliasErrors) {
    if (reader.skip_ignored()) continue;
    const bool orphan = reader.continues_nothing();
    const std::string entry = reader.next_entry();
    if (orphan) {
      errors.push_back({reader.line(), 1, "a line that begins with white space continues nothing here"});
      continue;
    }
    auto alias = read_alias(entry, reader.line());
    if (!alias) {
      errors.push_back(std::move(alias.error()));
      continue;
    }
    const auto [first, is_new] = lines.emplace(alias_key(alias->name), alias->line);
    if (!is_new) {
      errors.push_back({alias->line, 1,
                        fmt::format("{} is defined in line {} already", mail::printable(alias->name), first->second)});
      continue;
    }
    aliases.push_back(*std::move(alias));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return aliases;
}

std::vector<std::vector<std::string>> find_alias_loops(const std::vector<Alias>& aliases) {
  return LoopSearch(aliases).run();
}

std::string encode_targets(const std::vector<Action>& targets) {
  std::string value;
  for (const Action& action : targets) (value += letter_of(action)).append(text_of(action)) += '\0';
  return value;
}

std::optional<std::vector<Action>> decode_targets(Octets value) {
  std::vector<Action> targets;
  while (!value.empty()) {
    const std::size_t end = value.find('\0');
    if (end == Octets::npos || end < 2 || targets.size() >= kMaximumTargetsOfAlias) return std::nullopt;
    auto action = action_of(value.front(), value.substr(1, end - 1));
    if (!action) return std::nullopt;
    targets.push_back(*std::move(action));
    value.remove_prefix(end + 1);
  }
  return targets;
}

}  // namespace sluice::local
