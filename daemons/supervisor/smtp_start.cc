#include "smtp_start.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "core/link/descriptors.h"
#include "system/net/socket.h"
#include "system/os/failure.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

Result<os::Fd, net::SocketError> listen(const std::string& address, bool shared) {
  const auto endpoint = net::Endpoint::parse(address);
  if (!endpoint) return fail(endpoint.error());
  return net::listen_tcp(*endpoint, shared);
}

}  // namespace

std::optional<StartTrouble> Listeners::open() {
  std::vector<os::Fd> sockets;
  for (const std::string& address : addresses_) {
    if (!sockets_.empty()) return std::nullopt;  // all or none are open
    auto socket = listen(address, true);
    if (!socket) return StartTrouble{socket.error().what};
    sockets.push_back(std::move(*socket));
  }
  sockets_ = std::move(sockets);
  return std::nullopt;
}

int probe_address(const std::string& address, std::string& why) {
  const auto socket = listen(address, false);
  if (socket) return 0;
  why = socket.error().what;
  return socket.error().code;
}

Result<pid_t, StartTrouble> start_smtp_server(const Instance& instance, Listeners& listeners,
                                              const layout::Owners& owners) {
  if (auto trouble = listeners.open()) return fail(std::move(*trouble));
  const os::Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return fail(StartTrouble{os::with_errno("cannot open /dev/null")});

  os::Program program;
  program.path = instance.binaries + "/sluice-smtpd";
  program.arguments = {"sluice-smtpd"};
  program.environment = server_environment(os::Environment::current(), instance, listeners.sockets().size());
  program.descriptors = {{null.get(), STDIN_FILENO}, {STDOUT_FILENO, STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  int place = link::kFirstListener;
  for (const os::Fd& socket : listeners.sockets()) program.descriptors.emplace_back(socket.get(), place++);
  program.directory = instance.home;
  program.file_mask = 077;
  program.identity = owners.identity(queue::User::kServer, queue::Group::kNofiles);
  program.held_signals = {SIGHUP};
  program.own_group = true;
  program.parent_death_signal = SIGTERM;
  const auto pid = os::spawn(program);
  if (!pid) return fail(StartTrouble{pid.error().what});
  return *pid;
}

}  // namespace sluice::supervisor
