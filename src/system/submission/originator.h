// Who hands a message in, and what makes each message of this process one of its own: what the pure rules of
// core/submission are told about the caller, the clock and chance.
#pragma once

#include <string>

#include "core/settings/settings.h"
#include "core/submission/names.h"

namespace sluice::submission {

struct Originator {
  std::string user;       // login name of the real uid; "uid1234" where it has none
  std::string full_name;  // from the passwd entry; may be empty
};
Originator originator();

// The originator's address on the default host, in stored form.
//   errors  a sentence: the login name or the names make no address
Result<std::string, std::string> address_of(const Originator& originator, const Names& names);

Names names_of(const settings::Settings& settings);

struct Stamp {
  std::string date;        // RFC 5322 3.3, in the local time zone
  std::string message_id;  // with its brackets
};
Stamp new_stamp(const Names& names);

// The trace field of a message that came by no protocol: which program took it from whom, and when.
std::string received_field(const settings::Settings& settings, std::string_view program, const std::string& date);

}  // namespace sluice::submission
