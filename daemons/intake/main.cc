// qmail-intake: see README.md and qmail-intake(8).
#include <unistd.h>

#include <csignal>
#include <thread>

#include "base/bytes.h"
#include "core/link/descriptors.h"
#include "core/queue/layout.h"
#include "intake.h"
#include "system/config/queue_daemon.h"
#include "system/os/failure.h"
#include "system/os/users.h"
#include "system/store/file_store.h"

namespace sluice::intake {

namespace {

constexpr const char* kName = "qmail-intake";

// The qmail-intake of a queue that is being started again may take a moment to see that its qmail-send is gone.
std::unique_ptr<store::BodyWriter> open_journal(const config::QueueDaemon& daemon, const store::Options& options) {
  constexpr int kTries = 100;
  constexpr std::chrono::milliseconds kBetween{50};
  for (int tried = 1;; ++tried) {
    auto writer = store::open_body_writer(daemon.directory, daemon.number, options);
    if (writer) return std::move(*writer);
    if (writer.error().code != EWOULDBLOCK || tried == kTries) throw os::Fatal(111, writer.error().what);
    std::this_thread::sleep_for(kBetween);
  }
}

// SuperSafe: only false does without the sync; interactive and postmilter, which save others a second one, are as true
// here, where there is only one.
bool syncs_all(const config::Settings& settings) {
  const char first = settings.super_safe.empty() ? 't' : ascii_lower(settings.super_safe.front());
  const bool syncs = first != 'f' && first != 'n' && first != '0';
  if (!syncs)
    os::say(
        "warn", kName,
        "super_safe is false: messages are accepted before they are on the disk, and lost if the machine stops then");
  return syncs;
}

// Without root all daemons are the same user.
std::optional<uid_t> uid_of_scheduler() {
  const auto user = os::find_user(std::string(queue::name_of(queue::User::kScheduler)));
  return user ? std::optional(user->uid) : std::nullopt;
}

int run(int argc, char** argv) {
  for (const int signo : {SIGTERM, SIGINT, SIGHUP}) std::signal(signo, SIG_IGN);  // qmail-send says when to end
  const config::QueueDaemon daemon = config::queue_daemon(kName, argc, argv);
  const store::Options options{.segment_size = daemon.settings.settings().journal_segment_size,
                               .split = daemon.settings.settings().conf_split};
  auto writer = open_journal(daemon, options);
  net::Loop loop;
  Intake intake(loop, std::move(writer), store::Adoption(daemon.directory, options, ::geteuid()),
                os::Fd(link::kToScheduler), os::Fd(link::kTodoIntake), daemon.intake_socket(), uid_of_scheduler(),
                syncs_all(daemon.settings.settings()));
  loop.run();
  return 0;
}

}  // namespace

}  // namespace sluice::intake

int main(int argc, char** argv) { return sluice::os::run_main("qmail-intake", sluice::intake::run, argc, argv); }
