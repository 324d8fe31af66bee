#include "core/route/duplicates.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/mail/address.h"

namespace sluice::route {

std::uint8_t merged_notify(std::uint8_t a, std::uint8_t b) {
  if (a == b || b == mail::notify::kNever) return a;
  if (a == mail::notify::kNever) return b;
  const auto spelt_out = [](std::uint8_t bits) -> unsigned {
    return bits == 0 ? mail::notify::kFailure | mail::notify::kDelay : bits;
  };
  return static_cast<std::uint8_t>(spelt_out(a) | spelt_out(b));
}

void remove_duplicates(std::vector<queue::Admitted::Routed>& routed) {
  if (routed.size() < 2) return;
  boost::unordered_flat_map<std::string, std::size_t> places;
  places.reserve(routed.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < routed.size(); ++i) {
    std::string key = mail::normalized_address(routed[i].recipient.address);
    key.push_back(static_cast<char>(routed[i].channel));
    const auto [found, fresh] = places.try_emplace(std::move(key), kept);
    if (fresh) {
      if (kept != i) routed[kept] = std::move(routed[i]);
      ++kept;
      continue;
    }
    mail::Recipient& first = routed[found->second].recipient;
    mail::Recipient& again = routed[i].recipient;
    first.notify = merged_notify(first.notify, again.notify);
    if (first.original_recipient.empty()) first.original_recipient = std::move(again.original_recipient);
  }
  routed.erase(routed.begin() + static_cast<std::ptrdiff_t>(kept), routed.end());
}

}  // namespace sluice::route
