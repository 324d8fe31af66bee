// How much the load of the machine lets the server do (sendmail's RefuseLA and DelayLA). Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::smtp_server {

enum class Pressure : std::uint8_t {
  kNone,
  kDelay,   // a second before each greeting and each command
  kRefuse,  // no new connections; those that are open are slow
};

struct LoadLimits {  // nothing: never
  std::optional<double> delay, refuse;
};

// load: nothing if it is not known; then nobody is turned away for it.
constexpr Pressure pressure_at(std::optional<double> load, const LoadLimits& limits) {
  if (load && limits.refuse && *load >= *limits.refuse) return Pressure::kRefuse;
  if (load && limits.delay && *load >= *limits.delay) return Pressure::kDelay;
  return Pressure::kNone;
}

}  // namespace sluice::smtp_server
