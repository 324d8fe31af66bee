// qmail-send: see README.md and qmail-send(8).
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "answers.h"
#include "core/link/descriptors.h"
#include "core/link/queue_counts.h"
#include "core/queue/layout.h"
#include "load_watch.h"
#include "policy_of.h"
#include "published_counts.h"
#include "stray_bodies.h"
#include "system/config/queue_daemon.h"
#include "system/groups/groups.h"
#include "system/ipc/offered_queues.h"
#include "system/ipc/shared_limits.h"
#include "system/os/failure.h"
#include "system/os/process.h"
#include "system/os/users.h"
#include "system/store/file_store.h"

namespace sluice::scheduler {

namespace {

constexpr const char* kName = "qmail-send";
constexpr Duration kPublishAgain{5000};  // shared memory that was refused

// One qmail-send a queue, held until the process ends.
os::Fd hold_mutex(const std::string& queue_directory) {
  const std::string path = queue_directory + '/' + queue::kSendMutex;
  os::Fd mutex(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!mutex) throw os::Fatal(111, os::with_errno("cannot start: unable to open " + path));
  if (::flock(mutex.get(), LOCK_EX | LOCK_NB) != 0)
    throw os::Fatal(111, errno == EWOULDBLOCK
                             ? "cannot start: qmail-send with queue " + queue_directory + " is already running"
                             : os::with_errno("cannot start: unable to lock " + path));
  return mutex;
}

// Null: there is one group only.
std::shared_ptr<const GroupPlan> group_plan(const groups::Groups& groups, unsigned queue, const route::Router& router) {
  if (groups.all().size() == 1) return nullptr;
  return std::make_shared<const GroupPlan>(GroupPlan{groups.rules(), groups.group_with(queue), router});
}

// What the queue's group says of its own.
void apply_group(const route::QueueGroup& group, schedule::Policy& policy) {
  if (group.recipients > 0) policy.recipients_per_attempt = std::min(policy.recipients_per_attempt, group.recipients);
  if (group.retry_by_runs) policy.retry = *group.retry_by_runs ? schedule::Retry::kRuns : schedule::Retry::kBackoff;
}

std::vector<ipc::Submitter::Offer> offers_of(const config::Settings& settings, const std::string& name) {
  const groups::Groups groups(settings);
  const groups::Group* const group = groups.find(name);
  std::vector<ipc::Submitter::Offer> offers;
  if (group == nullptr) return offers;
  for (const ipc::OfferedQueue& queue : ipc::offered_queues(settings, *group).queues)
    offers.push_back({ipc::intake_of(settings, queue.number), queue.state});
  return offers;
}

std::optional<SendSettings> settings_of(const config::Settings& settings, unsigned queue) {
  auto routes = route::SmtpRoutes::build(settings.smtproutes);
  if (!routes) {
    os::say("alert", kName, route::to_string(routes.error()));
    return std::nullopt;
  }
  auto lmtp = route::LmtpRoutes::build(settings.lmtproutes);
  if (!lmtp) {
    os::say("alert", kName, route::to_string(lmtp.error()));
    return std::nullopt;
  }
  auto router = route::Router::build({.locals = settings.locals,
                                      .virtualdomains = settings.virtualdomains,
                                      .percenthack = settings.percenthack,
                                      .envnoathost = settings.envnoathost,
                                      .lmtproutes = settings.lmtproutes});
  if (!router) {
    os::say("alert", kName, route::to_string(router.error()));
    return std::nullopt;
  }
  mail::ReportSettings text;
  text.me = settings.me;
  text.bounce_from = settings.bouncefrom;
  text.bounce_host = settings.bouncehost;
  text.subject = settings.bouncesubject;
  text.double_subject = settings.doublebouncesubject;
  text.message = settings.bouncemessage;
  text.double_message = settings.doublebouncemessage;
  text.largest_original = settings.bouncemaxbytes;
  const groups::Groups groups(settings);
  schedule::Policy policy = policy_of(settings, *routes);
  apply_group(groups.all()[groups.group_with(queue)].policy, policy);
  return SendSettings{
      std::move(policy),
      {std::move(*routes), std::move(*lmtp), group_plan(groups, queue, *router)},
      {std::move(text), settings.doublebounceto, settings.doublebouncehost, settings.queuelifetime, std::move(*router)},
      settings.holdlocal,
      settings.holdremote,
      settings.restrict_mailq,
      settings.restrict_qrun};
}

// Without the table limits hold for each queue by itself, which is better than no queue.
std::unique_ptr<ipc::InstanceLimits> shared_limits(const config::QueueDaemon& daemon) {
  const auto tell = [](const std::string& what) { os::say("warn", kName, what); };
  const std::string directory = queue::limits_directory(daemon.settings.settings().run_dir);
  auto limits = ipc::InstanceLimits::open(directory, daemon.number, tell);
  if (limits) return std::move(*limits);
  tell(limits.error() + ": lane.limit holds for this queue by itself");
  return nullptr;
}

// Without root all daemons are the same user.
std::optional<uid_t> uid_of_smtp_server() {
  const auto user = os::find_user(std::string(queue::name_of(queue::User::kServer)));
  return user ? std::optional(user->uid) : std::nullopt;
}

pid_t inherited_logger() {
  const char* const given = std::getenv(link::kLoggerPid);
  pid_t pid = 0;
  if (given != nullptr) std::from_chars(given, given + std::strlen(given), pid);
  return pid;
}

SendPeers inherited_peers() {
  return {os::Fd(link::kToLocalDelivery),
          os::Fd(link::kToRemoteDelivery),
          os::Fd(link::kToClean),
          os::Fd(link::kToTodo),
          os::Fd(link::kToIntake),
          std::getenv(link::kSupervisorLink) != nullptr ? os::Fd(link::kToSupervisor) : os::Fd(),
          inherited_logger()};
}

// The daemons that came with us are our children, because qmail-start was us.
void reap(Send& send) {
  while (const auto ended = os::reap_any()) send.child_ended(ended->pid, ended->status);
}

int run(int argc, char** argv) {
  config::QueueDaemon daemon = config::queue_daemon(kName, argc, argv, "sd");
  const config::Settings& settings = daemon.settings.settings();
  const os::Fd mutex = hold_mutex(daemon.directory);
  auto first = settings_of(settings, daemon.number);
  const store::Options options{.segment_size = settings.journal_segment_size, .split = settings.conf_split};
  auto log = store::open_state_log(daemon.directory, options);
  auto listener = net::listen_path(daemon.control_socket(), 0666);  // who may ask is checked at each connection
  if (!first) throw os::Fatal(111, "the settings are bad");
  if (!log) throw os::Fatal(111, log.error().what);
  if (!listener) throw os::Fatal(111, listener.error().what);

  net::Loop loop;
  LoadWatch load(loop);
  load.watch(first->policy.load_gate.has_value(), settings.load_source);
  const auto limits = shared_limits(daemon);
  Activity activity(loop, link::kActivityLog, daemon.name, daemon.qident,
                    {settings.control_dir + "/defaultdelivery", settings.loglock});
  Send send(
      loop, activity, std::move(*log), store::open_body_reader(daemon.directory, options), inherited_peers(),
      std::move(*first), settings.journal_segment_size,
      [&](const auto& needed) { return stray_bodies(daemon.directory, options.split, needed, loop.wall()); },
      [&daemon, &load]() -> std::optional<SendSettings> {
        if (!config::reread(kName, daemon.settings)) return std::nullopt;
        auto fresh = settings_of(daemon.settings.settings(), daemon.number);
        if (fresh) load.watch(fresh->policy.load_gate.has_value(), daemon.settings.settings().load_source);
        return fresh;
      },
      [&daemon](const std::string& group) { return offers_of(daemon.settings.settings(), group); },
      limits ? &limits->limits() : nullptr);
  if (limits) limits->listen(loop, [&send](schedule::SharedLimits::Row row) { send.limit_freed(row); });
  load.on_load([&send](double load_average) { send.load_is(load_average); });
  activity.add([&](std::string& out, const mail::ActivityLog& lines) {
    lines.scheduler_start(out, static_cast<std::uint32_t>(::getpid()), daemon.directory, false, settings.loglock,
                          settings.conf_split);
  });
  send.runs().set_place({daemon.name, daemon.directory});
  ipc::ControlServer control(loop, std::move(*listener), link::Role::kScheduler,
                             answers_of(send, daemon.name, daemon.directory), uid_of_smtp_server());
  loop.on_signals({SIGTERM, SIGHUP, SIGALRM, SIGINT, SIGUSR1, SIGUSR2, SIGCHLD}, [&](int signo) {
    if (signo == SIGTERM) send.stop();
    if (signo == SIGHUP) send.reload();
    if (signo == SIGALRM) send.run_all();
    if (signo == SIGINT) activity.toggle_lock();
    if (signo == SIGUSR1) send.detach();
    if (signo == SIGUSR2) send.attach();
    if (signo == SIGCHLD) reap(send);
  });
  reap(send);  // what ended before we listened
  std::optional<PublishedCounts> published;
  if (daemon.has('d')) published.emplace(link::ipc_name(settings.ipc_prefix, daemon.name));
  const auto publish = [&] {
    if (!published) return;
    const schedule::ChannelStatus local = send.core().status(queue::Channel::kLocal);
    published->put({local.in_flight, local.limit}, send.use_of_remote());
  };
  send.on_change(publish);
  net::Timer publish_again(loop, [&] {
    if (!published->try_again()) return publish_again.set_after(kPublishAgain);
    publish();
  });
  if (published) publish_again.set_after(kPublishAgain);
  send.start({.directory = daemon.directory, .number = daemon.number, .options = options});
  loop.run();
  if (published && send.exit_code() == 0) published->remove();
  return send.exit_code();
}

}  // namespace

}  // namespace sluice::scheduler

int main(int argc, char** argv) { return sluice::os::run_main("qmail-send", sluice::scheduler::run, argc, argv); }
