// Id: a number that names one thing. Ids of different things do not convert to each other or to numbers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sluice {

template <class Tag>
class Id {
 public:
  constexpr Id() = default;  // zero names nothing
  constexpr explicit Id(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t raw() const { return value_; }  // for codecs and logs
  constexpr explicit operator bool() const { return value_ != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  std::uint64_t value_ = 0;
};

}  // namespace sluice

template <class Tag>
struct std::hash<sluice::Id<Tag>> {
  // Ids are often sequential: multiply by the 64-bit golden ratio so that open-addressing tables spread them.
  std::size_t operator()(sluice::Id<Tag> id) const noexcept { return id.raw() * 0x9E3779B97F4A7C15ULL; }
};
