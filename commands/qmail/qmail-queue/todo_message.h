// TodoMessage: a message on its way into the todo directory of the queue that is the working directory.
//
//   pid/PID.TIME.SEQ          made; its inode number is the message's number N
//   mess/N mod split/N        linked, and the name in pid/ removed; then the octets are written
//   intd/[N mod split/]N      the envelope
//   todo/[N mod split/]N      linked to it: ACCEPTED, once file, envelope and the directories are synced
//
// Every failure is thrown as Stop. Destroyed before it was accepted, it leaves nothing; a process that dies leaves
// what qmail-clean sweeps by its age.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "core/link/queue_counts.h"
#include "system/os/fd.h"

namespace sluice::qmail_queue {

class TodoMessage {
 public:
  TodoMessage(unsigned split, bool big_todo);
  ~TodoMessage();
  TodoMessage(const TodoMessage&) = delete;

  void write(Octets octets);
  // When it returns, the message survives power loss.
  void accept(Octets todo_file);
  // What is said about it in the message queue of a dynamic queue.
  link::TodoMessage notice() const;

 private:
  std::string place(const char* directory, bool split) const;

  const unsigned split_;
  const bool big_todo_;
  std::uint64_t number_ = 0;
  std::string mess_, intd_;  // names that exist
  os::Fd file_;
};

// Tells the todo-proc of a dynamic queue. False: there is no message queue, or it is full. Never waits.
bool knock(const std::string& ipc_prefix, const std::string& queue_directory, const link::TodoMessage& message);

// Tells todo-proc, if there is one, that there is something to do. Never waits, cannot fail.
void pull_trigger();

}  // namespace sluice::qmail_queue
