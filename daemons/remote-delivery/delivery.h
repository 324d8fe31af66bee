// Delivery: one attempt, from the scheduler's order to its outcomes.
//
//   start ── an idle session ───────────────────────────┐
//     └── searching ── connecting ── greeting ── ready ─┴─ sending ── settled
//                          ↑  next address  │                │ a reused session had died unnoticed:
//                          ├────────────────┘                ├─ searching, once
//                          └─────────────────────────────────┘ it broke before the body was asked for, for those
//                                                              whom no server has answered
//
// An attempt in channel lmtp goes to the one server of its destination, or to the socket at its path.
//
// It ends by one call of the host's settled(), which destroys it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/link/messages.h"
#include "session.h"
#include "system/net/socket.h"
#include "target_search.h"

namespace sluice::remote {

class Delivery : public Session::User {
 public:
  // What deliveries share, and who hears of their end.
  class Host {
   public:
    virtual ~Host() = default;
    virtual std::shared_ptr<Session> take_idle(const std::string& lane) = 0;
    virtual std::unique_ptr<TargetSearch> search(const route::Destination& destination,
                                                 std::function<void(TargetSearch::Result)> done) = 0;
    // Targets whose address has just been silent, last.
    virtual void prefer_answering(std::vector<route::Target>& targets) = 0;
    virtual void note_silence(const route::Target& target) = 0;
    virtual std::unique_ptr<net::Connecting> connect(const net::Endpoint& to, Duration limit,
                                                     std::function<void(os::Fd, int)> done) = 0;
    virtual std::shared_ptr<Session> open(os::Fd socket, smtp::Protocol protocol, const route::Target& target,
                                          const mail::ClientTimeouts& timeouts, Session::User& user) = 0;
    virtual const mail::ClientTimeouts& timeouts() const = 0;  // of the settings
    virtual MonoTime now() const = 0;
    // Where the lines of deliveries go that are watched.
    virtual const Session::Say& transcript() = 0;
    // `session` is null, or of no further use to this delivery; it may be reusable.
    virtual void settled(Delivery& delivery, std::shared_ptr<Session> session, std::vector<mail::Outcome> outcomes) = 0;
  };

  Delivery(Host& host, link::Deliver order);

  // May settle, and so destroy, the delivery at once.
  void start();

  std::uint64_t attempt() const { return order_.attempt; }
  // What its sessions have in common: the destination and the protocol.
  const std::string& lane() const { return lane_; }

 private:
  void session_ready(Session& session) override;
  void session_settled(Session& session, std::vector<mail::Outcome> outcomes) override;
  void session_ended(Session& session) override;

  bool is_lmtp() const { return order_.channel == link::Channel::kLmtp; }
  void begin_search();
  void connect_next();
  Duration time_to_connect();
  void connected(os::Fd socket, int code);
  void deliver_by(Session& session);
  bool goes_on();
  void fail_rest(const mail::Outcome& outcome);
  void settle(std::shared_ptr<Session> session);
  bool watched() const { return order_.watcher != 0; }
  void say(std::string line) { host_.transcript()(order_.watcher, std::move(line)); }
  void say_connecting(const route::Target& target, bool reused);
  void say_tried(const route::Target& target, int code);
  void note_result(std::size_t index, const mail::Outcome& outcome);
  std::string label() const;

  Host& host_;
  link::Deliver order_;
  const std::string lane_;
  const mail::ClientTimeouts timeouts_;
  std::vector<mail::Outcome> outcomes_;  // one a recipient
  std::vector<std::size_t> open_;        // recipients that have none yet, in their order
  std::optional<route::Destination> destination_;
  std::unique_ptr<TargetSearch> search_;
  std::vector<route::Target> targets_;
  std::size_t next_target_ = 0;
  std::optional<MonoTime> connecting_until_;  // all addresses together
  std::unique_ptr<net::Connecting> connecting_;
  std::shared_ptr<Session> session_;
  std::optional<mail::Outcome> last_failure_;
  // Only when watched:
  std::string unreachable_;           // why, when no connection was made at last
  std::vector<std::string> results_;  // the line of each recipient
};

}  // namespace sluice::remote
