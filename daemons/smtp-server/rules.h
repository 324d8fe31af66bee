// What the settings mean to the SMTP server, in the form in which it asks. Immutable: a reload makes new Rules, and
// connections that are open keep theirs until they end.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admission.h"
#include "base/time.h"
#include "core/route/relay_policy.h"
#include "core/settings/settings.h"
#include "core/smtp/server_settings.h"
#include "pressure.h"

namespace sluice::smtp_server {

struct Rules {
  smtp::ServerSettings trusted, others;  // sessions of clients in trusted_networks, and of all others
  std::string greeting;                  // after "220 "
  std::vector<settings::Network> trusted_networks;
  std::vector<settings::Network> etrn_networks;  // who may ask for queue runs
  route::Router router;
  route::RelayPolicy relay;
  Duration command_timeout{};  // for the next command
  Duration data_timeout{};     // between two pieces of a message
  Duration message_timeout{};  // for all of a message
  Admission::Limits admission;
  LoadLimits load;
  std::string load_source;
  bool log_accepted = true;

  bool may_start_runs(const settings::Address& client) const { return settings::any_contains(etrn_networks, client); }
  bool trusts(const settings::Address& client) const { return settings::any_contains(trusted_networks, client); }
};

// Fails when a list for routing cannot be understood.
Result<std::shared_ptr<const Rules>, route::RouteError> make_rules(const settings::Settings& settings);

}  // namespace sluice::smtp_server
