// What every daemon of a queue needs to know first: which queue it serves, and the settings of its instance.
#pragma once

#include <string>
#include <string_view>

#include "system/config/load.h"

namespace sluice::config {

struct QueueDaemon {
  std::string directory;  // $QUEUEDIR
  std::string name;       // its last component, e.g. "queue1"
  unsigned number = 0;    // the N of queueN; part of each message id
  std::string qident;     // $QIDENT, or empty
  std::string options;    // the letters of its command line
  Reloadable settings;

  // Paths of the queue's sockets below the home directory.
  std::string intake_socket() const;
  std::string control_socket() const;
  bool has(char option) const { return options.find(option) != std::string::npos; }
};

// From the environment, as qmail-start hands it down. The arguments are for ps, but may begin with options, of the
// letters in `options`. Throws os::Fatal: 100 for an unknown option; 111 if QUEUEDIR is missing or has no number,
// or if the settings are bad; each problem of the settings was then written to standard error.
QueueDaemon queue_daemon(const char* program, int argc, char** argv, std::string_view options = "");

// The N of a name like queueN. Throws os::Fatal (111) if it has none.
unsigned number_of_queue(std::string_view name);

// Rereads after a HUP or a Reload. False: the settings are bad, the problems were written to standard error, and the
// old settings stay.
bool reread(const char* program, Reloadable& settings);

}  // namespace sluice::config
