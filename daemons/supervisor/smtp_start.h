// Starting the processes of the SMTP server. The listening sockets are opened here, with the supervisor's rights, so
// that sluice-smtpd itself is never root; each process has a socket of its own on each address (SO_REUSEPORT).
#pragma once

#include <string>
#include <vector>

#include "child.h"
#include "instance.h"
#include "system/layout/owners.h"
#include "system/os/fd.h"

namespace sluice::supervisor {

// The sockets of one process.
class Listeners {
 public:
  explicit Listeners(const std::vector<std::string>& addresses) : addresses_(addresses) {}
  // Opens those that are not open. Nothing: done; else why not.
  std::optional<StartTrouble> open();
  // Clients that connect are refused from now on, instead of waiting for nobody.
  void close() { sockets_.clear(); }
  const std::vector<os::Fd>& sockets() const { return sockets_; }

 private:
  std::vector<std::string> addresses_;
  std::vector<os::Fd> sockets_;
};

// Whether the address is free for this instance alone: sockets with SO_REUSEPORT would share it silently with another
// instance of the same user. 0: free; else errno, and `why`.
int probe_address(const std::string& address, std::string& why);

Result<pid_t, StartTrouble> start_smtp_server(const Instance& instance, Listeners& listeners,
                                              const layout::Owners& owners);

}  // namespace sluice::supervisor
