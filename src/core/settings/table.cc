#include "core/settings/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <numeric>
#include <vector>

#include "base/bytes.h"

namespace sluice::settings {
namespace {

using namespace std::chrono_literals;
using enum Change;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

constexpr Shape text(std::string_view fallback, Check check) { return {.fallback = fallback, .check = check}; }
constexpr Shape path(std::string_view fallback) { return {.fallback = fallback, .check = check_path, .is_path = true}; }
constexpr Shape integer(std::string_view fallback, std::uint64_t least, std::uint64_t most) {
  return {.fallback = fallback, .least = least, .most = most};
}
constexpr Shape size(std::string_view fallback, std::uint64_t least, std::uint64_t most) {
  return {.fallback = fallback, .least = least, .most = most};
}
constexpr Shape duration(std::string_view fallback, std::chrono::seconds least, std::chrono::seconds most) {
  return {.fallback = fallback,
          .least = static_cast<std::uint64_t>(least.count()),
          .most = static_cast<std::uint64_t>(most.count())};
}
constexpr Shape boolean(std::string_view fallback) { return {.fallback = fallback}; }
constexpr Shape choice(std::string_view fallback) { return {.fallback = fallback}; }
constexpr Shape list(std::string_view fallback, Check check) { return {.fallback = fallback, .check = check}; }
constexpr Shape networks(std::string_view fallback) { return {.fallback = fallback}; }
constexpr Shape endpoints(std::string_view fallback) { return {.fallback = fallback}; }
constexpr std::chrono::seconds weeks(int n) { return std::chrono::weeks(n); }

constexpr Names from(std::string_view environment, std::string_view control, std::string_view option,
                     TimeUnit option_unit = TimeUnit::kMinutes) {
  return {environment, control, option, option_unit};
}

std::vector<Declaration> make_table() {
  std::vector<Declaration> rows;
  std::string_view section;
#define SECTION(title) section = title;
#define SETTING(type, member, name, shape, sources, change, sentence, manual) \
  rows.push_back({section, name, &Settings::member, shape, sources, change, sentence, manual});
#include "core/settings/settings.def"
#undef SETTING
#undef SECTION
  return rows;
}

template <class Matches>
const Declaration* find(Matches matches) {
  const auto rows = table();
  const auto row = std::find_if(rows.begin(), rows.end(), matches);
  return row == rows.end() ? nullptr : &*row;
}

// Levenshtein's distance; both names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// The names of the types, in the order of Member.
constexpr std::array<std::string_view, std::variant_size_v<Member>> kTypeNames{
    "text", "integer", "boolean", "duration", "size", "choice", "list", "list of networks", "list of endpoints"};

struct KindOfText {
  Check check;
  std::string_view one, many;
};
constexpr std::array kKindsOfText{
    KindOfText{check_host_name, "a host name or an address in brackets", ""},
    KindOfText{check_domain, "", "host or domain names"},
    KindOfText{check_domain_or_suffix, "", "domains, or .domain for all below one"},
    KindOfText{check_local_part, "a local part, without @ and domain", ""},
    KindOfText{check_virtual_domain, "", "domain:prefix, .suffix:prefix, user@domain:prefix or :prefix"},
    KindOfText{check_smtp_route, "", "domain:host, domain:host:port, .suffix:host or :host"},
    KindOfText{check_lmtp_route, "", "domain:host, domain:host:port or domain:/path; also user@domain and .suffix"},
    KindOfText{check_queue_group, "", "NAME, FIELD=VALUE, ... with the fields P F I N R J r S q s m of queuegroups(5)"},
    KindOfText{check_group_entry, "", "domain:group, .suffix:group, user@domain:group or :group"},
    KindOfText{check_resolver, "", "ADDRESS or ADDRESS@PORT"},
    KindOfText{check_delivery, "lines of a .qmail file", ""},
    KindOfText{check_ipc_prefix, "letters, digits, dots, dashes and underscores", ""},
    KindOfText{check_path, "a path", ""},
    KindOfText{check_delivery_mode, "background, interactive, queue-only or defer, or the first letter", ""},
    KindOfText{check_super_safe, "true, false, interactive or postmilter, or the first letter", ""},
    KindOfText{check_sort_order,
               "priority, host, time, filename, modification, random, none or shuffle, or the first letter", ""},
    KindOfText{check_retry, "backoff or run", ""},
    KindOfText{check_load, "a load average of 0 to 100000, one for each processor as 8p, or off", ""},
    KindOfText{check_line, "printable ASCII characters on one line", ""},
};

std::string allowed_text(const Declaration& setting) {
  const bool list = is_list(setting);
  for (const auto& kind : kKindsOfText) {
    if (kind.check != setting.shape.check) continue;
    if (list) return fmt::format("a list of {}", kind.many);
    return fmt::format("{}{}", kind.one, setting.shape.may_be_empty ? ", or nothing" : "");
  }
  return "text";
}

std::string with_zero(const Shape& shape, std::string range) {
  return shape.least_but_zero == 0 ? range : fmt::format("0 or {}", range);
}

struct Allowed {
  const Declaration& setting;
  std::uint64_t least() const { return std::max(setting.shape.least, setting.shape.least_but_zero); }
  std::string operator()(std::string Settings::*) const { return allowed_text(setting); }
  std::string operator()(std::vector<std::string> Settings::*) const { return allowed_text(setting); }
  std::string operator()(bool Settings::*) const { return "true or false"; }
  std::string operator()(BareNewline Settings::*) const { return "refuse or normalize"; }
  std::string operator()(std::uint32_t Settings::*) const {
    return with_zero(setting.shape, fmt::format("{} to {}", least(), setting.shape.most));
  }
  std::string operator()(std::uint64_t Settings::*) const {
    const std::string most =
        setting.shape.most == kNoLimit ? "" : fmt::format(" to {}", format_size(setting.shape.most));
    const std::string range = most.empty() && least() == 0 ? "" : fmt::format(" of {}{}", format_size(least()), most);
    return fmt::format("a size{} in octets, or with k, M or G", range);
  }
  std::string operator()(std::chrono::seconds Settings::*) const {
    return fmt::format("a duration of {} to {}, as 5d12h; units w d h m s, a bare number counts seconds",
                       format_duration(std::chrono::seconds(setting.shape.least)),
                       format_duration(std::chrono::seconds(setting.shape.most)));
  }
  std::string operator()(std::vector<Network> Settings::*) const {
    return "a list of networks, as 192.0.2.0/24, 2001:db8::/32 or a lone address";
  }
  std::string operator()(std::vector<Endpoint> Settings::*) const {
    return "a list of ADDRESS:PORT, as 127.0.0.1:25 or [::1]:25";
  }
};

}  // namespace

std::span<const Declaration> table() {
  static const std::vector<Declaration> rows = make_table();
  return rows;
}

bool is_list(const Declaration& setting) { return setting.member.index() >= Member(&Settings::locals).index(); }

const Declaration* find_by_name(std::string_view name) {
  return find([&](const Declaration& row) { return row.name == name; });
}

const Declaration* find_by_option(std::string_view name) {
  if (name.empty()) return nullptr;
  if (const auto* row = find_by_name(name)) return row;
  if (const auto* row = find([&](const Declaration& r) { return ascii_equal_ignore_case(r.names.option, name); })) {
    return row;
  }
  return find([&](const Declaration& row) { return row.names.control == name; });
}

std::optional<std::string_view> nearest_name(std::string_view name) {
  constexpr std::size_t kFarthest = 3;
  constexpr std::size_t kLongest = 100;
  if (name.size() > kLongest) return std::nullopt;
  const auto nearest = std::min_element(table().begin(), table().end(), [&](const auto& a, const auto& b) {
    return distance(a.name, name) < distance(b.name, name);
  });
  if (distance(nearest->name, name) > std::min(kFarthest, name.size() / 2)) return std::nullopt;
  return nearest->name;
}

std::string_view type_name(const Declaration& setting) { return kTypeNames[setting.member.index()]; }

std::string allowed(const Declaration& setting) { return std::visit(Allowed{setting}, setting.member); }

std::string fallback_text(const Declaration& setting) {
  const std::string_view fallback = setting.shape.fallback;
  if (fallback == "{host}") return "the name of the machine";
  if (fallback.starts_with('{')) return fmt::format("value of {}", fallback.substr(1, fallback.size() - 2));
  if (setting.shape.is_path && !fallback.empty() && !fallback.starts_with('/')) return fmt::format("HOME/{}", fallback);
  return std::string(fallback);
}

}  // namespace sluice::settings
