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
  std::size_t operator()(std::string_view text) const noexcept {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a, then mixed: the table uses the high and the low bits
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * 0x100000001B3ULL;
    hash ^= hash >> 32;
    return hash * 0x9E3779B97F4A7C15ULL;
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
