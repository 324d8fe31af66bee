#include "core/smtp/client_extensions.h"

#include <algorithm>

#include "core/smtp/command.h"

namespace sluice::smtp {

ServerOffers parse_offers(Octets text) {
  ServerOffers offers;
  for (std::size_t lf = text.find('\n'); lf != Octets::npos; lf = text.find('\n')) {
    text.remove_prefix(lf + 1);
    const Octets line = text.substr(0, text.find('\n'));
    const Octets keyword = line.substr(0, line.find_first_of(" ="));
    const Octets value = line.substr(std::min(line.size(), keyword.size() + 1));
    const auto is = [&](Octets name) { return ascii_equal_ignore_case(keyword, name); };
    if (is("PIPELINING")) {
      offers.pipelining = true;
    } else if (is("SIZE")) {
      offers.size = true;
      offers.size_limit = parse_number(value.substr(0, value.find(' '))).value_or(0);
    } else if (is("8BITMIME")) {
      offers.eight_bit_mime = true;
    } else if (is("SMTPUTF8")) {
      offers.smtputf8 = true;
    } else if (is("DSN")) {
      offers.dsn = true;
    }
  }
  return offers;
}

}  // namespace sluice::smtp
