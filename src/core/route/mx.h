// From what the name service says to the addresses to try, in order (RFC 5321 5.1, RFC 7505). Pure: it asks nothing
// itself. Two steps, because the addresses are asked for only once the exchangers are known:
//
//   choose_exchangers   the answer to the MX question      ->  at most kMostConsidered host names, best first
//   choose_targets      the A and AAAA answers about them  ->  at most kMostTargets addresses, best first
//
// The second step takes kMostExchangers of the names at a time, and goes on to the next only if none of them has an
// address.
//
// Either ends with an Outcome when there is nothing to try. What counts as permanent: the name does not exist (5.1.2),
// it says that it takes no mail (5.1.10), nothing that it names has an address (5.4.4), or its best exchanger is this
// very host, so that trying would only bring the message back (5.4.6). A name service that does not answer is
// temporary (4.4.3); so is what is wrong with those that are better than this host, for which it keeps the mail
// (4.4.4).
//
// Chance comes from outside: the same answers and the same seed give the same order.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/outcome.h"

namespace sluice::route {

inline constexpr std::size_t kMostExchangers = 5;  // that are tried
inline constexpr std::size_t kMostConsidered = 20;
inline constexpr std::size_t kMostTargets = 10;

// What the name service said to one question.
enum class Found : std::uint8_t {
  kYes,     // there are records
  kNoName,  // NXDOMAIN: the name does not exist
  kNoData,  // the name exists and has no record of this type
  kNotNow,  // SERVFAIL, a timeout, no server: ask again later
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; empty is the root, which says "no mail" (RFC 7505)
  friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

// One MX record as it stands in a DNS message, names not compressed (RFC 1035 3.3.9): hostile input. An octet of a
// label that no host name may hold becomes '?', so that the name is of no use later instead of meaning another host.
std::optional<MxRecord> parse_mx(Octets rdata);

struct MxAnswer {
  Found found = Found::kNotNow;
  std::string why;  // for kNotNow: "SERVFAIL", "timed out"
  std::vector<MxRecord> records;
};

struct AddressAnswer {
  Found found = Found::kNotNow;
  std::string why;
  std::vector<std::string> addresses;  // numeric: "192.0.2.1", "2001:db8::1"
};

struct Exchanger {
  std::uint16_t preference = 0;
  std::string host;
  friend bool operator==(const Exchanger&, const Exchanger&) = default;
};

// The exchangers of `domain`, by preference, in random order among equals. A domain without MX records is its own
// exchanger. Exchangers that bear one of `own_names` are dropped with all that are not better than they.
Result<std::vector<Exchanger>, mail::Outcome> choose_exchangers(std::string_view domain, const MxAnswer& answer,
                                                                std::span<const std::string> own_names,
                                                                std::uint64_t seed);

// Whether this host is an exchanger of the domain by one of its names, and so only keeps mail for those that are
// better.
bool names_us(const MxAnswer& answer, std::span<const std::string> own_names);

// Nothing better than this host, which keeps the mail, has an address: temporary.
mail::Outcome better_ones_missing(std::string_view domain);

struct Found4And6 {
  AddressAnswer v4, v6;
};

struct Target {
  std::string host;     // the name whose address it is
  std::string address;  // numeric
  friend bool operator==(const Target&, const Target&) = default;
};

// The addresses to try. Each exchanger keeps its place; its addresses are in random order with both families taking
// turns, IPv6 first. Each exchanger that has addresses gets at least one of the kMostTargets places. `is_own` names the
// addresses at which this host itself would answer; an exchanger that has one is dropped with all not better than it.
//   answers  one for each of `exchangers`
Result<std::vector<Target>, mail::Outcome> choose_targets(std::string_view domain,
                                                          std::span<const Exchanger> exchangers,
                                                          std::span<const Found4And6> answers,
                                                          const std::function<bool(const std::string&)>& is_own,
                                                          std::uint64_t seed);

// Whether `name` can be asked of the name service and used as a host: labels of letters, digits, '-' and '_' of at most
// 63 octets, at most 253 octets in all, no empty label (one trailing dot is fine).
bool is_host_name(std::string_view name);

}  // namespace sluice::route
