#include "instance.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/link/descriptors.h"
#include "system/os/failure.h"

namespace sluice::supervisor {

namespace {

os::Environment common_environment(os::Environment environment, const Instance& instance) {
  environment.set("SLUICE_HOME", instance.home);
  environment.set("CONTROLDIR", instance.control_directory);
  environment.set("QUEUE_BASE", instance.queue_base);
  environment.set("QUEUE_START", std::to_string(instance.groups.default_group().first));
  environment.set("QUEUE_COUNT", std::to_string(instance.groups.default_group().least));
  environment.set("CONFSPLIT", std::to_string(instance.shape.split));
  environment.set("BIGTODO", instance.shape.big_todo ? "1" : "0");
  environment.set("SLUICE_SUPERVISOR", std::to_string(::getpid()));
  if (instance.dynamic)
    environment.set("DYNAMIC_QUEUE", "1");
  else
    environment.unset("DYNAMIC_QUEUE");
  return environment;
}

}  // namespace

void Instance::take_reloadable(const settings::Settings& settings) {
  run_defaults = supervise::run_defaults_of(settings);
  runs_restricted = settings.restrict_qrun;
}

Instance instance_of(const settings::Settings& settings, const supervise::StartOptions& options,
                     const std::string& binaries) {
  if (const auto queues = supervise::static_queues(settings.queue_base, settings.queue_start, settings.queue_count);
      !queues)
    throw os::Fatal(111, std::string(supervise::to_string(queues.error())));
  Instance instance(settings);
  instance.home = settings.home;
  instance.control_directory = settings.control_dir;
  instance.run_directory = settings.run_dir;
  instance.queue_base = settings.queue_base;
  instance.binaries = binaries;
  instance.dynamic = options.dynamic;
  instance.compatible = options.compatible;
  instance.keep_count = options.keep_count;
  instance.ipc_prefix = settings.ipc_prefix;
  instance.hints = {settings.msgqueuelen, settings.msgqueuesize};
  instance.shape.split = settings.conf_split;
  instance.shape.big_todo = settings.big_todo;
  instance.default_delivery = options.default_delivery.value_or(settings.defaultdelivery);
  instance.logger = options.logger;
  for (const auto& endpoint : settings.smtp_listen) instance.smtp_listen.push_back(endpoint.to_text());
  instance.smtp_processes = settings.smtp_processes;
  instance.run_groups = supervise::queue_groups_of(settings);
  instance.most_children = settings.queue_run_max_children;
  instance.take_reloadable(settings);
  instance.nice = static_cast<int>(settings.queue_run_nice);
  instance.restart.first = settings.supervisor_restart_delay;
  instance.restart.last = std::max(settings.supervisor_restart_delay, settings.supervisor_restart_delay_limit);
  return instance;
}

int nice_of(const Instance& instance, unsigned number) {
  return instance.groups.all()[instance.groups.group_with(number)].policy.nice.value_or(instance.nice);
}

std::string mode_option(const Instance& instance) {
  if (!instance.dynamic) return "-s";
  return instance.compatible ? "-cd" : "-d";
}

os::Environment queue_environment(os::Environment inherited, const Instance& instance,
                                  const supervise::QueueSpec& queue) {
  auto environment = common_environment(std::move(inherited), instance);
  environment.set("QUEUEDIR", queue.directory);
  environment.set("QIDENT", std::to_string(queue.number));
  return environment;
}

os::Environment server_environment(os::Environment inherited, const Instance& instance, std::size_t listeners) {
  auto environment = common_environment(std::move(inherited), instance);
  environment.set(link::kListenerCount, std::to_string(listeners));
  return environment;
}

}  // namespace sluice::supervisor
