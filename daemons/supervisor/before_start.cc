#include "before_start.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "system/layout/repair.h"
#include "system/net/socket.h"
#include "system/os/clock.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

constexpr Duration kAskAgain{100};
constexpr Duration kServersMayEnd{3'000};  // of a killed supervisor

// Calls `done` until it is true or `patience` is over; its last value.
template <class Done>
bool await(Duration patience, Done done) {
  const MonoTime end = os::mono_now() + patience;
  while (!done()) {
    if (os::mono_now() >= end) return false;
    std::this_thread::sleep_for(kAskAgain);
  }
  return true;
}

void make(const std::string& root, const std::vector<queue::Place>& places, const layout::Owners& owners) {
  std::string complaint;
  const layout::Orders orders{[](const layout::Finding& finding) { return finding.flaw == layout::Flaw::kMissing; },
                              [&](std::string_view text) { complaint = text; }};
  if (layout::repair(root, places, owners, orders).failed > 0) throw os::Fatal(111, complaint);
}

}  // namespace

void check_programs(const Instance& instance) {
  std::vector<std::string> programs{"qmail-start"};
  if (!instance.smtp_listen.empty()) programs.emplace_back("sluice-smtpd");
  for (const std::string& name : programs) {
    const std::string path = instance.binaries + '/' + name;
    if (::access(path.c_str(), X_OK) != 0) throw os::Fatal(111, os::with_errno("cannot execute " + path));
  }
  if (instance.logger.empty()) return;
  const std::string& name = instance.logger.front();
  std::string logger = os::find_program(name, os::search_path(os::Environment::current(), instance.binaries));
  if (logger.empty()) throw os::Fatal(111, "cannot find the logger " + name);
  if (logger == name && !name.starts_with('/')) logger.insert(0, 1, '/');  // it is started there
  if (::access(logger.c_str(), X_OK) != 0) throw os::Fatal(111, os::with_errno("cannot execute the logger " + name));
}

void make_directories(const Instance& instance, const layout::Owners& owners) {
  for (const std::string& directory : instance.groups.directories()) make(directory, queue::public_places(), owners);
  make(instance.run_directory, queue::run_places(), owners);
}

std::optional<os::Fd> lock_instance(const Instance& instance) {
  const std::string path = queue::supervisor_lock(instance.run_directory);
  os::Fd lock(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!lock) throw os::Fatal(111, os::with_errno("cannot open " + path));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw os::Fatal(111, os::with_errno("cannot lock " + path));
}

std::vector<std::unique_ptr<Listeners>> open_listeners(const Instance& instance) {
  for (const std::string& address : instance.smtp_listen) {
    std::string why;
    int code = 0;
    await(kServersMayEnd, [&] { return (code = probe_address(address, why)) != EADDRINUSE; });
    if (code != 0) throw os::Fatal(111, why);
  }
  std::vector<std::unique_ptr<Listeners>> all;
  if (instance.smtp_listen.empty()) return all;
  for (unsigned i = 0; i < instance.smtp_processes; ++i) {
    all.push_back(std::make_unique<Listeners>(instance.smtp_listen));
    if (const auto trouble = all.back()->open()) throw os::Fatal(111, trouble->what);
  }
  return all;
}

os::Fd listen_for_control(const Instance& instance) {
  // Who may ask is decided by who asks (SO_PEERCRED), so everybody may connect.
  auto listener = net::listen_path(queue::supervisor_socket(instance.run_directory), 0666);
  if (!listener) throw os::Fatal(111, listener.error().what);
  return std::move(*listener);
}

}  // namespace sluice::supervisor
