// A table of domains, ".suffix" wildcards and whole addresses, looked up without regard to ASCII case. A lookup
// allocates nothing and costs one probe for the name itself and, if there are wildcards, one for each of its parents
// that is no longer than the longest wildcard.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::route {

struct CaselessHash {
  using is_transparent = void;
  using is_avalanching = void;
  // Eight octets a step. Setting bit 5 folds the case of letters and also joins a few other octets ('@' and '`'): for a
  // hash that only means a rare collision.
  std::size_t operator()(std::string_view text) const noexcept {
    constexpr std::uint64_t kFold = 0x2020202020202020ULL, kGolden = 0x9E3779B97F4A7C15ULL;
    std::uint64_t hash = text.size() * kGolden;
    const auto mix = [&hash](std::uint64_t word) {
      hash = (hash ^ (word | kFold)) * kGolden;
      hash ^= hash >> 32;
    };
    for (; text.size() >= 8; text.remove_prefix(8)) mix(load_le<std::uint64_t>(text.data()));
    std::uint64_t rest = 0;
    for (const char c : text) rest = rest << 8 | static_cast<unsigned char>(c);
    mix(rest);
    return hash * kGolden;
  }
};

struct CaselessEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const noexcept { return ascii_equal_ignore_case(a, b); }
};

template <class Value>
class DomainTable {
 public:
  // The last value given for a key counts, as in qmail's tables.
  void set(std::string_view key, Value value) {
    values_.insert_or_assign(std::string(key), std::move(value));
    if (key.starts_with('.')) longest_wildcard_ = std::max(longest_wildcard_, key.size());
  }

  // The value of exactly this key, or null.
  const Value* find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }

  // The value of the domain itself, or of the longest wildcard above it ("a.b.c": "a.b.c", ".b.c", ".c"), or null.
  const Value* find_domain(std::string_view domain) const {
    if (const Value* exact = find(domain)) return exact;
    for (std::size_t dot = longest_wildcard_ == 0 ? std::string_view::npos : domain.find('.');
         dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
      if (domain.size() - dot > longest_wildcard_) continue;
      if (const Value* above = find(domain.substr(dot))) return above;
    }
    return nullptr;
  }

  std::size_t size() const { return values_.size(); }

 private:
  boost::unordered_flat_map<std::string, Value, CaselessHash, CaselessEqual> values_;
  std::size_t longest_wildcard_ = 0;
};

}  // namespace sluice::route
