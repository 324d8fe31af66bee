#include "core/route/mx.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::route {

namespace {

constexpr std::size_t kLongestLabel = 63, kLongestName = 253;

bool is_host_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// SplitMix64: enough to spread load over equals, and the same in every standard library.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t bound) {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    return static_cast<std::size_t>((z ^ z >> 31) % bound);
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::uint64_t state_;
};

auto permanent(mail::EnhancedCode code, std::string text) {
  return fail(mail::Outcome{mail::Verdict::kFailed, mail::Trouble::kNone, 0, code, std::move(text)});
}

auto temporary(std::string text) {
  return fail(mail::Outcome{mail::Verdict::kDeferred, mail::Trouble::kUnreachable, 0, {4, 4, 3}, std::move(text)});
}

auto loops_back(std::string_view domain) {
  return permanent({5, 4, 6}, fmt::format("Mail for {} loops back to this host: it is the best mail exchanger of that "
                                          "domain, but does not take the domain as its own",
                                          domain));
}

bool is_one_of(std::span<const std::string> names, std::string_view host) {
  return std::any_of(names.begin(), names.end(),
                     [host](const std::string& name) { return ascii_equal_ignore_case(name, host); });
}

// Drops, from exchangers sorted by preference, the first that is ours and everything not better than it.
//   result  whether there was one
template <class IsOurs>
bool cut_at_ourselves(std::vector<Exchanger>& exchangers, const IsOurs& is_ours) {
  const auto ours = std::find_if(exchangers.begin(), exchangers.end(), is_ours);
  if (ours == exchangers.end()) return false;
  const std::uint16_t preference = ours->preference;
  std::erase_if(exchangers, [preference](const Exchanger& e) { return e.preference >= preference; });
  return true;
}

// v6, v4, v6, v4 ... each family in random order.
std::vector<std::string> interleave(const Found4And6& answer, Chance& chance) {
  auto v4 = answer.v4.addresses, v6 = answer.v6.addresses;
  chance.shuffle(v4);
  chance.shuffle(v6);
  std::vector<std::string> mixed;
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v6.size()) mixed.push_back(std::move(v6[i]));
    if (i < v4.size()) mixed.push_back(std::move(v4[i]));
  }
  return mixed;
}

bool has_own(const Found4And6& answer, const std::function<bool(const std::string&)>& is_own) {
  return std::any_of(answer.v4.addresses.begin(), answer.v4.addresses.end(), is_own) ||
         std::any_of(answer.v6.addresses.begin(), answer.v6.addresses.end(), is_own);
}

mail::Outcome nothing_found(std::string_view domain, std::span<const Exchanger> exchangers,
                            std::span<const Found4And6> answers) {
  for (std::size_t i = 0; i < exchangers.size(); ++i)
    for (const AddressAnswer* answer : {&answers[i].v4, &answers[i].v6})
      if (answer->found == Found::kNotNow)
        return temporary(fmt::format("Cannot look up the address of {}: {}", exchangers[i].host, answer->why)).value();
  if (exchangers.size() == 1 && exchangers[0].host == domain)
    return permanent({5, 4, 4}, fmt::format("{} has neither a mail exchanger nor an address", domain)).value();
  return permanent({5, 4, 4}, fmt::format("No mail exchanger of {} has an address", domain)).value();
}

}  // namespace

std::optional<MxRecord> parse_mx(Octets rdata) {
  if (rdata.size() < 3) return std::nullopt;
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(rdata[i]); };
  MxRecord record;
  record.preference = static_cast<std::uint16_t>(octet(0) << 8 | octet(1));
  for (std::size_t at = 2; at < rdata.size();) {
    const std::size_t length = octet(at++);
    if (length == 0) return at == rdata.size() ? std::optional(std::move(record)) : std::nullopt;
    if (length > kLongestLabel || length > rdata.size() - at) return std::nullopt;
    if (!record.host.empty()) record.host += '.';
    for (const char c : rdata.substr(at, length)) record.host += is_host_octet(c) ? ascii_lower(c) : '?';
    if (record.host.size() > kLongestName) return std::nullopt;
    at += length;
  }
  return std::nullopt;
}

bool is_host_name(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  if (name.empty() || name.size() > kLongestName) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.' ? label == 0 : !is_host_octet(c)) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > kLongestLabel) return false;
  }
  return label > 0;
}

Result<std::vector<Exchanger>, mail::Outcome> choose_exchangers(std::string_view domain, const MxAnswer& answer,
                                                                std::span<const std::string> own_names,
                                                                std::uint64_t seed) {
  switch (answer.found) {
    case Found::kNoName:
      return permanent({5, 1, 2}, fmt::format("There is no domain {}", domain));
    case Found::kNotNow:
      return temporary(fmt::format("Cannot look up the mail exchangers of {}: {}", domain, answer.why));
    case Found::kNoData:
      return std::vector{Exchanger{0, std::string(domain)}};
    case Found::kYes:
      break;
  }
  std::vector<Exchanger> exchangers;
  for (const MxRecord& record : answer.records)
    if (!record.host.empty()) exchangers.push_back({record.preference, record.host});
  if (exchangers.empty()) return permanent({5, 1, 10}, fmt::format("The domain {} accepts no mail (null MX)", domain));

  Chance(seed).shuffle(exchangers);
  std::stable_sort(exchangers.begin(), exchangers.end(),
                   [](const Exchanger& a, const Exchanger& b) { return a.preference < b.preference; });
  const bool cut = cut_at_ourselves(exchangers, [&](const Exchanger& e) { return is_one_of(own_names, e.host); });
  if (cut && exchangers.empty()) return loops_back(domain);
  if (exchangers.size() > kMostConsidered) exchangers.resize(kMostConsidered);
  return exchangers;
}

bool names_us(const MxAnswer& answer, std::span<const std::string> own_names) {
  return std::any_of(answer.records.begin(), answer.records.end(),
                     [&](const MxRecord& record) { return is_one_of(own_names, record.host); });
}

mail::Outcome better_ones_missing(std::string_view domain) {
  return {mail::Verdict::kDeferred,
          mail::Trouble::kUnreachable,
          0,
          {4, 4, 4},
          fmt::format("No mail exchanger of {} that is better than this host has an address", domain)};
}

Result<std::vector<Target>, mail::Outcome> choose_targets(std::string_view domain,
                                                          std::span<const Exchanger> exchangers,
                                                          std::span<const Found4And6> answers,
                                                          const std::function<bool(const std::string&)>& is_own,
                                                          std::uint64_t seed) {
  std::size_t usable = exchangers.size();
  for (std::size_t i = 0; i < usable; ++i) {
    if (!has_own(answers[i], is_own)) continue;
    while (usable > 0 && exchangers[usable - 1].preference >= exchangers[i].preference) --usable;
    if (usable == 0) return loops_back(domain);
  }

  Chance chance(seed);
  std::vector<std::vector<std::string>> by_exchanger;
  std::size_t still_to_place = 0;
  for (std::size_t i = 0; i < usable; ++i) {
    by_exchanger.push_back(interleave(answers[i], chance));
    if (!by_exchanger.back().empty()) ++still_to_place;
  }
  std::vector<Target> targets;
  for (std::size_t i = 0; i < usable; ++i) {
    if (by_exchanger[i].empty()) continue;
    --still_to_place;
    const std::size_t room = kMostTargets - targets.size() - still_to_place;
    for (std::size_t k = 0; k < std::min(room, by_exchanger[i].size()); ++k)
      targets.push_back({exchangers[i].host, std::move(by_exchanger[i][k])});
  }
  if (!targets.empty()) return targets;
  mail::Outcome nothing = nothing_found(domain, exchangers.first(usable), answers);
  if (usable < exchangers.size() && nothing.verdict == mail::Verdict::kFailed) return fail(better_ones_missing(domain));
  return fail(std::move(nothing));
}

}  // namespace sluice::route
