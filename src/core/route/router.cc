#include "core/route/router.h"

#include "core/mail/address.h"

namespace sluice::route {

namespace {

// user@domain, domain, .suffix, or empty.
bool is_virtual_key(std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return key.empty() || is_domain(key);
  return at > 0 && is_printable_word(key.substr(0, at)) && is_domain(key.substr(at + 1));
}

}  // namespace

Result<Router, RouteError> Router::build(const RouterLists& lists) {
  Router router;
  const auto domains_into = [](DomainTable<Present>& table) {
    return [&table](std::string_view line) {
      if (!is_domain(line)) return "not a domain";
      table.set(line, Present{});
      return "";
    };
  };
  if (auto error = read_list("locals", lists.locals, domains_into(router.locals_))) return fail(*std::move(error));
  if (auto error = read_list("percenthack", lists.percenthack, domains_into(router.percenthack_)))
    return fail(*std::move(error));
  const auto virtual_entry = [&router](std::string_view line) {
    const auto separator = find_separator(line);
    if (!separator) return "expected DOMAIN:PREFIX, USER@DOMAIN:PREFIX, .SUFFIX:PREFIX or :PREFIX";
    const std::string_view key = line.substr(0, *separator), prefix = line.substr(*separator + 1);
    if (!is_virtual_key(key)) return "not a domain or address before the colon";
    if (!is_printable_word(prefix)) return "white space or controls behind the colon";
    router.virtual_.set(key, std::string(prefix));
    return "";
  };
  if (auto error = read_list("virtualdomains", lists.virtualdomains, virtual_entry)) return fail(*std::move(error));
  auto lmtp = LmtpRoutes::build(lists.lmtproutes);
  if (!lmtp) return fail(std::move(lmtp.error()));
  router.lmtp_ = std::move(*lmtp);
  if (!is_domain(lists.envnoathost)) return fail(RouteError{"envnoathost", 1, "not a domain: " + lists.envnoathost});
  router.envnoathost_ = lists.envnoathost;
  return router;
}

std::string Router::rewritten(std::string address) const {
  std::size_t at = address.rfind('@');
  if (at == std::string::npos) {
    at = address.size();
    address += '@';
    address += envnoathost_;
  }
  // Each turn takes the last domain away, so it ends.
  while (percenthack_.size() > 0 && percenthack_.find(std::string_view(address).substr(at + 1))) {
    const std::size_t percent = std::string_view(address).substr(0, at).rfind('%');
    if (percent == std::string::npos) break;
    address.resize(at);
    address[percent] = '@';
    at = percent;
  }
  return address;
}

Router::Finding Router::find(std::string_view address) const {
  if (!lmtp_.destination(address).empty()) return {Match::kLmtp, nullptr};
  const std::string_view domain = mail::domain_of(address);
  if (locals_.find(domain)) return {Match::kLocal, nullptr};
  const auto virtual_match = [](const std::string& prefix, Match match) {
    return prefix.empty() ? Finding{} : Finding{match, &prefix};
  };
  if (virtual_.size() == 0) return {};
  if (const std::string* prefix = virtual_.find(address)) return virtual_match(*prefix, Match::kVirtual);
  if (domain.empty()) return {};
  if (const std::string* prefix = virtual_.find_domain(domain)) return virtual_match(*prefix, Match::kVirtual);
  if (const std::string* prefix = virtual_.find("")) return virtual_match(*prefix, Match::kEverything);
  return {};
}

Routed Router::route(std::string address) const {
  address = rewritten(std::move(address));
  const Finding finding = find(address);
  switch (finding.match) {
    case Match::kNone:
      return {queue::Channel::kRemote, std::move(address)};
    case Match::kLmtp:
      return {queue::Channel::kLmtp, std::move(address)};
    case Match::kLocal:
      return {queue::Channel::kLocal, std::move(address)};
    case Match::kVirtual:
    case Match::kEverything:
      break;
  }
  std::string local;
  local.reserve(finding.prefix->size() + 1 + address.size());
  local.append(*finding.prefix).append(1, '-').append(address);
  return {queue::Channel::kLocal, std::move(local)};
}

std::string Router::without_prefix(std::string address) const {
  constexpr int kDashes = 16;  // a prefix has few; addresses are as long as anybody likes
  const std::size_t at = address.rfind('@');
  std::size_t dash = address.find('-');
  for (int i = 0; i < kDashes && at != std::string::npos && dash < at; ++i, dash = address.find('-', dash + 1)) {
    std::string candidate = address.substr(dash + 1);
    if (route(candidate) == Routed{queue::Channel::kLocal, address}) return candidate;
  }
  return address;
}

bool Router::is_own(std::string_view rewritten_address) const {
  const Match match = find(rewritten_address).match;
  return match == Match::kLmtp || match == Match::kLocal || match == Match::kVirtual;
}

}  // namespace sluice::route
