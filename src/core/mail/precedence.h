// Precedence: what the header of a message says about its importance: the Precedence field gives its class, and the
// Priority field (X.400; RFC 2156 5.3.6) its urgency. Both are for people who send much mail to say that it need not
// hurry. Pure; for hostile input.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "core/mail/envelope.h"

namespace sluice::mail {

// A word of the Precedence field and the class that it stands for (sendmail's P lines).
struct PrecedenceName {
  std::string_view name;
  int precedence = 0;
};
inline constexpr std::array<PrecedenceName, 5> kPrecedenceNames{
    {{"special-delivery", 100}, {"first-class", 0}, {"list", -30}, {"bulk", -60}, {"junk", -100}}};

struct Importance {
  std::int8_t precedence = 0;
  Urgency urgency = Urgency::kNormal;
  friend bool operator==(const Importance&, const Importance&) = default;
};

// From the values of the two fields; nullopt: there is no such field. Words are compared without regard to case; those
// that mean nothing count as if the field were absent. A class above 0 is urgent and one below is not, unless the
// Priority field says otherwise.
Importance importance_of(std::optional<Octets> precedence, std::optional<Octets> priority,
                         std::span<const PrecedenceName> names = kPrecedenceNames);

// From the header of a message, or all of it; the first field of each name counts. One pass over the header.
Importance importance_of_message(Octets message, std::span<const PrecedenceName> names = kPrecedenceNames);

// Whether the sender of such mail is to hear that it is late: not of mail that need not hurry, of reports, or of what
// comes from the owner or the request address of a list.
bool hears_of_delay(std::string_view sender, int precedence);

}  // namespace sluice::mail
