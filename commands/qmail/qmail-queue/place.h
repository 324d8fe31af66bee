// Where a message may go: the queues of the instance, or the one that QUEUEDIR names.
//
// As a set-user-id program we write with rights that our caller does not have, into a directory that its environment
// names. So a queue directory must then belong to the user as whom we act, or to root, and nobody else may be able to
// write there: whoever can put a symbolic link into a queue could make us write anywhere. Its name may lead through
// anything; what was opened is what is judged, and everything below is reached from there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/mail/envelope.h"
#include "core/select/queue_choice.h"
#include "system/config/load.h"
#include "system/groups/groups.h"

namespace sluice::qmail_queue {

struct Places {
  std::vector<std::string> directories;         // of the queues
  std::vector<std::string> intakes;             // sockets of those that the instance runs: all of them, or none
  std::vector<select::QueueState> states;       // of these; as many as directories
  std::vector<std::size_t> groups;              // to which they belong
  std::shared_ptr<const groups::Groups> rules;  // empty: there is no choice
  unsigned split = 0;
  bool big_todo = false;
  bool dynamic = false;  // queues have message queues
  std::string ipc_prefix;
};

// Throws Stop{kSettings} if the settings are bad.
Places find_places(const config::Environment& environment);

// The directories, the first to be tried first. A message whose envelope is not known is one of the default group.
std::vector<std::string> in_order(const Places& places, const mail::Envelope* envelope);

// The environment of this process, trusted if it is the caller's own program or the caller is root or ourselves.
config::Environment caller_environment();

// We act for a caller with fewer rights: its words about places need proof.
bool is_set_user_id();

// Makes the queue directory the working directory, and root its owner: files of root's would be nobody's to deliver.
// False: it cannot be entered, or it may not be written to.
bool enter_queue(const std::string& directory);

}  // namespace sluice::qmail_queue
