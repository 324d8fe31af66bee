// Intake: the daemon's parts joined. A turn gathers submissions; at its end the processor is yielded once, so that
// clients which are about to submit may do so, what came is read, and then everything is committed with one sync.
// Batches follow the load by themselves and a single client waits for nothing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "adoptions.h"
#include "announcer.h"
#include "submissions.h"
#include "system/net/socket.h"

namespace sluice::intake {

class Intake {
 public:
  // `scheduler` and `todo` are the sockets to qmail-send and todo-proc. When either is gone, the loop stops.
  // `socket_path`: where submitters come in. `scheduler_uid`: of the qmail-send of any queue. `sync_all`: see
  // Submissions.
  // Throws os::Fatal (111) if it cannot be listened at.
  Intake(net::Loop& loop, std::unique_ptr<store::BodyWriter> writer, store::Adoption adoption, os::Fd scheduler,
         os::Fd todo, std::string socket_path, std::optional<uid_t> scheduler_uid, bool sync_all);

 private:
  std::shared_ptr<Submitter> add_submitter(os::Fd socket);
  bool from_submitter(const std::shared_ptr<Submitter>& from, const link::Frame& frame);
  bool may_speak_for_others(uid_t uid) const;
  static bool speaks_for(Submitter& from, Octets payload);
  bool from_todo(const link::Frame& frame);
  // Shutting the door (core/link/doors.h), in doors.cc.
  bool door(Octets payload);
  bool open_door();
  void shut_door();
  void send_away();
  bool is_quiet() const;
  void gathered();
  void commit();
  void relocate();
  void adopt();

  net::Loop& loop_;
  std::unique_ptr<store::BodyWriter> writer_;
  Submissions submissions_;
  Adoptions adoptions_;
  Announcer announcer_;
  std::unique_ptr<ipc::Link> todo_;
  std::shared_ptr<Submitter> scheduler_;
  boost::unordered_flat_set<std::shared_ptr<Submitter>> submitters_;
  std::vector<std::pair<queue::MessageId, queue::BodyRef>> relocations_;
  const std::string socket_path_;
  const std::optional<uid_t> scheduler_uid_;
  std::optional<net::Acceptor> acceptor_;  // none: the door is shut
  net::Timer retry_, away_;
  MonoTime shut_since_{};
  bool commit_asked_ = false, adopt_asked_ = false;
  bool reopening_ = false;  // the door is to be open, and could not be opened yet
};

}  // namespace sluice::intake
