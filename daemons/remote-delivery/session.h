// Session: one connection to one SMTP or LMTP server, from greeting to QUIT, over which many messages may go, one at a
// time. It is the socket, the body and the clock around the protocol of core/smtp/client_session.h, which decides
// everything.
//
// A body is read in pieces of at most kPiece octets and never stands in memory as a whole: while the server does not
// take what was written, nothing more is read. A body of one piece leaves in one write, together with its final dot.
//
// It may be watched: then every line that the server says or is told is handed on, the body is not.
//
// Ownership: held by shared_ptr, by the one who uses it at the time. Its user may let go of it from within any call.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/mail/transcript.h"
#include "core/route/mx.h"
#include "core/smtp/body_encoder.h"
#include "core/smtp/client_session.h"
#include "remote_settings.h"
#include "system/net/stream.h"
#include "system/store/store.h"

namespace sluice::remote {

class Session : public std::enable_shared_from_this<Session> {
 public:
  static constexpr std::size_t kPiece = 64 << 10;   // octets of a body that are read at once
  static constexpr std::size_t kUnsent = 64 << 10;  // above this the server's reading is waited for

  // Who has the session at the time. It is told once: of readiness, then of the end of each job; or of the end of the
  // session when there is no job. It may take the session away, or destroy it, in answer.
  class User {
   public:
    virtual ~User() = default;
    virtual void session_ready(Session& session) = 0;
    // One outcome a recipient. The session can be used again if reusable().
    virtual void session_settled(Session& session, std::vector<mail::Outcome> outcomes) = 0;
    // The server ended it, or was ended, before it was ready or while it had nothing to do; why: ending().
    virtual void session_ended(Session& session) = 0;
  };

  // `socket` is connected to `target`; `piece` is kPiece octets of room that all sessions share.
  static std::shared_ptr<Session> open(net::Loop& loop, os::Fd socket, smtp::Protocol protocol, route::Target target,
                                       const std::shared_ptr<const RemoteSettings>& settings, store::BodyReader& bodies,
                                       std::string& piece, const mail::ClientTimeouts& timeouts, User& user);
  ~Session();

  void hand_to(User& user) { user_ = &user; }

  // `say` gets the lines of the dialogue from here on, on behalf of `watcher` (link::Deliver); it must outlive the
  // session.
  using Say = std::function<void(std::uint64_t watcher, std::string line)>;
  void watch(std::uint64_t watcher, const Say& say);
  void unwatch() { watch_.reset(); }
  std::uint64_t watcher() const { return watch_ ? watch_->watcher : 0; }

  // Sends one message; only when it is ready or was reusable().
  void deliver(mail::Envelope envelope, const queue::BodyRef& body, const mail::ClientTimeouts& timeouts);

  bool reusable(MonoTime now) const;
  // The last job failed because the server had given up on this reused connection before it: try a fresh one.
  bool stale() const { return protocol_.stale() && !protocol_.usable(); }
  // The last job ended with the connection before the body was asked for: see ClientSession::broke_early().
  bool broke_early() const { return protocol_.broke_early(); }
  // The final dot of the last job had been sent, so the server may have the message whatever the outcome says.
  bool body_complete() const { return body_complete_; }
  const mail::Outcome& ending() const { return protocol_.ending(); }
  const route::Target& target() const { return target_; }

  bool over() const { return ended_; }

  // Says goodbye; the user hears session_ended() when the server has answered or not.
  void quit();

 private:
  Session(net::Loop& loop, smtp::Protocol protocol, route::Target target,
          const std::shared_ptr<const RemoteSettings>& settings, store::BodyReader& bodies, std::string& piece,
          const mail::ClientTimeouts& timeouts, User& user);
  std::size_t receive(Octets octets);
  void advance();
  void send_body();
  bool send_piece();
  void tell_server_lines(Octets octets);
  void tell_commands(std::size_t from);
  void set_deadline(bool progress);
  void time_is_up();

  net::Loop& loop_;
  const route::Target target_;
  const std::shared_ptr<const RemoteSettings> settings_;
  store::BodyReader& bodies_;
  std::string& piece_;
  mail::ClientTimeouts timeouts_;  // of the delivery that uses it, or did last
  User* user_;

  std::shared_ptr<net::Stream> stream_;
  smtp::ClientSession protocol_;
  smtp::BodyEncoder encoder_;
  struct Watch {
    std::uint64_t watcher;
    const Say& say;
    mail::transcript::Lines server;
  };
  std::unique_ptr<Watch> watch_;  // null: nobody watches
  queue::BodyRef body_;
  std::uint64_t position_ = 0;  // octets of the body that were read
  bool body_complete_ = false;
  bool greeted_ = false, ended_ = false;
  std::uint32_t messages_ = 0;
  std::size_t recipients_ = 0;
  MonoTime since_;
  // The timer is set anew only for an earlier time; when it fires too early it looks here. So the many short waits of a
  // busy session cost no timer operations.
  MonoTime deadline_ = MonoTime::max();
  smtp::Step timed_step_ = smtp::Step::kDead;  // the step that deadline_ is about
  net::Timer timer_;
};

}  // namespace sluice::remote
