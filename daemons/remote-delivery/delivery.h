// Delivery: one attempt, from the scheduler's order to its outcomes.
//
//   start ── an idle session ───────────────────────────┐
//     └── searching ── connecting ── greeting ── ready ─┴─ sending ── settled
//                          ↑  next address  │                │ a reused session had died unnoticed:
//                          └────────────────┘                └─ searching, once
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
    virtual std::shared_ptr<Session> take_idle(const std::string& destination) = 0;
    virtual std::unique_ptr<TargetSearch> search(const route::Destination& destination,
                                                 std::function<void(TargetSearch::Result)> done) = 0;
    // Targets whose address has just been silent, last.
    virtual void prefer_answering(std::vector<route::Target>& targets) = 0;
    virtual void note_silence(const route::Target& target) = 0;
    virtual std::unique_ptr<net::Connecting> connect(const net::Endpoint& to,
                                                     std::function<void(os::Fd, int)> done) = 0;
    virtual std::shared_ptr<Session> open(os::Fd socket, const route::Target& target, Session::User& user) = 0;
    // `session` is null, or of no further use to this delivery; it may be reusable.
    virtual void settled(Delivery& delivery, std::shared_ptr<Session> session, std::vector<mail::Outcome> outcomes) = 0;
  };

  Delivery(Host& host, link::Deliver order) : host_(host), order_(std::move(order)) {}

  // May settle, and so destroy, the delivery at once.
  void start();

  std::uint64_t attempt() const { return order_.attempt; }
  const std::string& destination() const { return order_.destination; }

 private:
  void session_ready(Session& session) override;
  void session_settled(Session& session, std::vector<mail::Outcome> outcomes) override;
  void session_ended(Session& session) override;

  void begin_search();
  void connect_next();
  void connected(os::Fd socket, int code);
  void fail_all(mail::Outcome outcome);
  std::string label() const;

  Host& host_;
  link::Deliver order_;
  std::optional<route::Destination> destination_;
  std::unique_ptr<TargetSearch> search_;
  std::vector<route::Target> targets_;
  std::size_t next_target_ = 0;
  std::unique_ptr<net::Connecting> connecting_;
  std::shared_ptr<Session> session_;
  std::optional<mail::Outcome> last_failure_;
};

}  // namespace sluice::remote
