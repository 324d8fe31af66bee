// The names by which a local program's addresses become complete (qmail-header(5) describes them to users of qmail):
// an address without a host gets default_host, a host without a dot gets default_domain, a host that ends with a plus
// sign gets plus_domain in its place. "localhost" in any case means default_host. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/submission/address_list.h"

namespace sluice::submission {

struct Names {
  std::string default_host;
  std::string default_domain;
  std::string plus_domain;
  std::string id_host;  // of message ids
};

// The complete form of a host as an address has it; address literals and the empty default stay what they are.
std::string qualified_host(const Names& names, std::string_view host);

// A field's value with all hosts complete and everything else, comments and folds included, as it was.
std::string qualified_list(Octets value, const std::vector<ListedAddress>& list, const Names& names);

// The address as the envelope stores it (core/smtp/address.h); empty for "<>".
//   errors  a sentence about the address
Result<std::string, std::string> envelope_address(const ListedAddress& address, const Names& names);

// The one address of `text`, which stands for itself: a word of a command line, an environment variable.
//   errors  a sentence
Result<std::string, std::string> single_address(Octets text, const Names& names);

// The value of a From field, for a person's name (may be empty; UTF-8 is encoded as RFC 2047 asks) and a stored
// address. as_comment: address (name), else name <address>.
std::string author_value(std::string_view name, std::string_view address, bool as_comment = false);

// A full name from the gecos field of a passwd entry: up to the first comma, "&" being the user's name.
std::string full_name(std::string_view gecos, std::string_view user);

// "<20261122075401.1234.9f3c61d2a40b7e85@host>": unique if (time, process, chance) is.
std::string new_message_id(WallTime now, std::int64_t process, std::uint64_t chance, std::string_view id_host);

}  // namespace sluice::submission
