// The sockets on which mail is taken: those that the supervisor made and left open (core/link/descriptors.h), or, when
// it left none, our own on smtp.listen. Both share their ports with other processes (SO_REUSEPORT).
#pragma once

#include <vector>

#include "core/settings/network.h"
#include "system/os/fd.h"

namespace sluice::smtp_server {

// Throws os::Fatal when a descriptor is not a listening socket, a port is taken, or there is nothing to listen on.
std::vector<os::Fd> open_listeners(const std::vector<settings::Endpoint>& listen);

}  // namespace sluice::smtp_server
