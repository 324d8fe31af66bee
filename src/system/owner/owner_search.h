// Finds out who gets the letters to a local part. First what the administrator has assigned (users/cdb), then the names
// in the alias database, then the users of the system by the rules of qmail-getpw(8), and at last the user alias. Never
// root. Only keys are looked up: what an alias or a user says is read by a process of theirs.
//
// Without root everything belongs to the user who runs us, and so does the user alias. qmail-lspawn delivers by it and
// `sendmail -bv` tells by it. Look-ups may ask a directory service: they block.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "core/local/owner.h"
#include "core/mail/outcome.h"
#include "core/settings/settings.h"
#include "system/cdb/reader.h"
#include "system/owner/addressed.h"

namespace sluice::owner {

class OwnerSearch {
 public:
  struct Places {
    std::string assignments;  // users/cdb
    std::string alias_database;
    std::string alias_home;
    bool homes_needed = true;  // false: the default delivery is a place outside of homes
  };
  explicit OwnerSearch(Places places);

  enum class Among : std::uint8_t { kAll, kUsers };  // kUsers: without the alias database
  // The outcome says why nobody does: there is no such mailbox (5.1.1), or it cannot be found out now.
  Result<Addressed, mail::Outcome> find(std::string_view local_part, Among among, MonoTime now);

 private:
  using Account = std::optional<local::Account>;
  struct Remembered {
    local::Account account;
    MonoTime until;
  };
  Result<Account, std::string> account(std::string_view name, MonoTime now);
  Result<Account, std::string> alias_account() const;
  Result<Account, std::string> system_account(std::string_view name) const;
  Result<std::optional<local::Owner>, std::string> assigned(std::string_view local_part);
  Result<bool, std::string> is_alias(std::string_view local_part);

  // A database that is opened again whenever another file stands at its path.
  struct Database {
    std::string path;
    cdb::Reader reader{};
    bool opened = false;
    Result<bool, std::string> refresh();  // false: there is none
  };
  Database assignments_, aliases_;
  std::string alias_home_;
  bool homes_needed_;
  boost::unordered_flat_map<std::string, Remembered> accounts_;
};

// What the settings say; `default_delivery` is where mail goes without other instructions.
OwnerSearch::Places places_of(const settings::Settings& settings, std::string_view default_delivery);

}  // namespace sluice::owner
