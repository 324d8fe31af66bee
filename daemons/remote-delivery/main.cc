// qmail-rspawn: delivers by SMTP and LMTP what qmail-send orders on descriptor 0. See qmail-rspawn(8).

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "core/link/descriptors.h"
#include "remote_delivery.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "system/store/file_store.h"

namespace sluice::remote {

namespace {

constexpr const char* kName = "qmail-rspawn";
constexpr std::uint32_t kMostDeliveries = 10000;
constexpr Seconds kLongerThanTheSystem = std::chrono::hours{1};  // it gives up connecting after a few minutes
constexpr rlim_t kDescriptorsOfProgram = 3;                      // its message, its output, its end
constexpr rlim_t kOtherDescriptors = 600;  // idle and leaving sessions, open segments, the name resolver

mail::ClientTimeouts timeouts_of(const settings::Settings& s) {
  using enum mail::ClientWait;
  mail::ClientTimeouts timeouts;
  timeouts[kConnect] = s.timeout_connect > Seconds::zero() ? s.timeout_connect : kLongerThanTheSystem;
  timeouts[kFirstConnect] = s.timeout_iconnect;
  timeouts[kAllConnects] = s.timeout_aconnect;
  timeouts[kGreeting] = s.timeout_greeting;
  timeouts[kHello] = s.timeout_helo;
  timeouts[kMail] = s.timeout_mail;
  timeouts[kRcpt] = s.timeout_rcpt;
  timeouts[kData] = s.timeout_datainit;
  timeouts[kBlock] = s.timeout_datablock;
  timeouts[kFinal] = s.timeout_datafinal;
  timeouts[kQuit] = s.timeout_quit;
  return timeouts;
}

Configuration configuration_of(const settings::Settings& s) {
  Configuration c;
  c.remote.hello = s.helohost;
  c.remote.messages_per_session = s.remote_messages_per_session;
  c.remote.idle_time = s.remote_idle_time;
  c.remote.program = s.remote_program;
  c.remote.program_time = s.remote_program_timeout;
  c.remote.timeouts = timeouts_of(s);
  c.own_names = {s.me, s.helohost};
  c.listening = s.smtp_listen;
  c.name_servers = s.remote_resolver;
  return c;
}

// As many deliveries as there are descriptors for, with the soft limit raised to the hard one.
std::uint32_t most_deliveries(rlim_t descriptors_of_one) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t left = limit.rlim_cur > kOtherDescriptors ? limit.rlim_cur - kOtherDescriptors : limit.rlim_cur / 4;
  return static_cast<std::uint32_t>(std::clamp<rlim_t>(left / descriptors_of_one, 1, kMostDeliveries));
}

int run(int argc, char** argv) {
  config::QueueDaemon queue = config::queue_daemon(kName, argc, argv);
  // Ending is qmail-send's to say, by closing the link: a signal to the whole process group stops it first.
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);

  net::Loop loop;
  store::Options options;
  options.split = queue.settings.settings().conf_split;
  const auto reload = [&queue]() -> std::optional<Configuration> {
    if (!config::reread(kName, queue.settings)) return std::nullopt;
    return configuration_of(queue.settings.settings());
  };
  const bool by_program = !queue.settings.settings().remote_program.empty();
  RemoteDelivery daemon(loop, os::Fd(link::kToScheduler), store::open_body_reader(queue.directory, options),
                        configuration_of(queue.settings.settings()), reload,
                        most_deliveries(by_program ? kDescriptorsOfProgram : 1), std::random_device{}());
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::remote

int main(int argc, char** argv) { return sluice::os::run_main("qmail-rspawn", sluice::remote::run, argc, argv); }
