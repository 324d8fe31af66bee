#include "policy_of.h"

#include <unistd.h>

#include "core/settings/load_limit.h"

namespace sluice::scheduler {

namespace {

std::optional<schedule::LoadGate> load_gate_of(const config::Settings& settings) {
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  const auto load = settings::load_limit(settings.load_queue, processors > 0 ? static_cast<unsigned>(processors) : 1);
  if (!load) return std::nullopt;
  return schedule::LoadGate{*load, static_cast<double>(settings.load_queue_factor)};
}

void add_lane_rules(const config::Settings& settings, const route::SmtpRoutes& routes, schedule::Policy& policy) {
  const auto add = [&](const std::vector<std::string>& domains, schedule::LaneHold hold) {
    for (const std::string& domain : domains) {
      schedule::LaneRule rule;
      rule.destination = routes.destination(domain);
      rule.hold = hold;
      policy.lane_rules.push_back(std::move(rule));
    }
  };
  if (settings.hold_expensive) add(settings.expensive, schedule::LaneHold::kUntilRun);
  add(settings.on_demand, schedule::LaneHold::kUntilSelectiveRun);
}

}  // namespace

schedule::Policy policy_of(const config::Settings& settings, const route::SmtpRoutes& routes) {
  schedule::Policy policy;
  auto& local = policy.of(queue::Channel::kLocal);
  auto& remote = policy.of(queue::Channel::kRemote);
  local.limit = settings.concurrencylocal;
  local.window.limit = std::max(settings.concurrencylocal, 1U);
  remote.limit = settings.concurrencyremote;
  remote.window.limit = settings.lane_limit;
  remote.window.initial = std::min(settings.lane_initial_window, settings.lane_limit);
  auto& lmtp = policy.of(queue::Channel::kLmtp);
  lmtp.limit = settings.concurrencylmtp;
  lmtp.window = remote.window;
  lmtp.retry_skip = local.retry_skip;  // it is our own mailbox store that was not there
  // A program in place of the SMTP client takes one recipient at a time: each is a delivery, so that they go on side by
  // side and count.
  policy.recipients_per_attempt =
      settings.remote_program.empty() ? settings.remote_recipients_per_transaction : std::uint32_t{1};
  policy.set_lifetimes(settings.queuelifetime, settings.queuewarn);
  policy.of(schedule::Terms::kUrgent) = {settings.queuelifetime_urgent, settings.queuewarn_urgent};
  policy.of(schedule::Terms::kNonUrgent) = {settings.queuelifetime_non_urgent, settings.queuewarn_non_urgent};
  policy.of(schedule::Terms::kReport).end = std::min(settings.bouncelifetime, settings.queuelifetime);
  policy.load_gate = load_gate_of(settings);
  add_lane_rules(settings, routes, policy);
  policy.retry = settings.retry == "run" ? schedule::Retry::kRuns : schedule::Retry::kBackoff;
  policy.ages = {settings.queue_run_min_age, settings.queue_run_max_age};
  policy.factors = {settings.queue_run_recipient_factor, settings.queue_run_class_factor,
                    settings.queue_run_retry_factor};
  return policy;
}

}  // namespace sluice::scheduler
