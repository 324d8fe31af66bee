#include "rules.h"

#include <thread>

#include "core/mail/delivery_mode.h"
#include "core/settings/load_limit.h"

namespace sluice::smtp_server {

namespace {

constexpr std::size_t kLineEnd = 2;  // the settings count CR LF, the session does not

// Nobody waits for what becomes of a message that came by SMTP, so interactive is as background.
mail::DeliveryMode delivery_mode_of(const settings::Settings& from) {
  const auto mode = mail::delivery_mode_of(from.delivery_mode).value_or(mail::DeliveryMode::kBackground);
  return mode == mail::DeliveryMode::kInteractive ? mail::DeliveryMode::kBackground : mode;
}

// Zero is not a limit that every load has reached, but none.
std::optional<double> load_limit(std::string_view text) {
  const auto limit = settings::load_limit(text, std::thread::hardware_concurrency());
  return limit && *limit > 0 ? limit : std::nullopt;
}

smtp::ServerSettings session_settings(const settings::Settings& from) {
  smtp::ServerSettings to;
  to.hostname = from.me;
  to.message.octets = from.databytes;
  to.message.text_line = from.smtp_max_text_line == 0 ? 0 : from.smtp_max_text_line - kLineEnd;
  to.bare_newlines = smtp::BareNewlines::kRefuse;
  to.recipients = from.smtp_max_recipients;
  to.errors = from.smtp_max_errors;
  to.hops = from.smtp_max_hops;
  to.etrn = from.smtp_etrn && !from.restrict_qrun && !from.smtp_etrn_networks.empty();
  to.mode = delivery_mode_of(from);
  to.command_line = from.smtp_max_command_line - kLineEnd;
  return to;
}

// RFC 5321 4.2: the greeting begins with the name of the host; a bare name says nothing about what we speak.
std::string greeting_of(const settings::Settings& from) {
  return from.smtp_greeting.find(' ') == std::string::npos ? from.smtp_greeting + " ESMTP Sluice" : from.smtp_greeting;
}

}  // namespace

Result<std::shared_ptr<const Rules>, route::RouteError> make_rules(const settings::Settings& from) {
  auto router = route::Router::build({.locals = from.locals,
                                      .virtualdomains = from.virtualdomains,
                                      .percenthack = from.percenthack,
                                      .envnoathost = from.envnoathost,
                                      .lmtproutes = from.lmtproutes});
  if (!router) return fail(router.error());
  auto relay = route::RelayPolicy::build(from.rcpthosts);
  if (!relay) return fail(relay.error());

  auto rules = std::make_shared<Rules>();
  rules->others = rules->trusted = session_settings(from);
  if (from.smtp_bare_newline == settings::BareNewline::kNormalize)
    rules->trusted.bare_newlines = smtp::BareNewlines::kNormalize;
  rules->greeting = greeting_of(from);
  rules->trusted_networks = from.smtp_trusted_networks;
  rules->etrn_networks = from.smtp_etrn_networks;
  rules->load = {.delay = load_limit(from.load_delay), .refuse = load_limit(from.load_refuse)};
  rules->load_source = from.load_source;
  rules->router = std::move(*router);
  rules->relay = std::move(*relay);
  rules->command_timeout = from.smtp_command_timeout;
  rules->data_timeout = from.smtp_data_timeout;
  rules->message_timeout = from.smtp_message_timeout;
  rules->log_accepted = from.smtp_log_accepted;
  // The port is shared evenly between the processes, the clients are not.
  const std::size_t processes = from.smtp_processes;
  rules->admission = {.total = (from.smtp_max_connections + processes - 1) / processes,
                      .per_client = from.smtp_max_connections_per_client};
  return rules;
}

}  // namespace sluice::smtp_server
