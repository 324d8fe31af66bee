// One client: its socket, its session, the message that it is sending, and how long it may take. The session decides
// what is said; this class carries octets and answers between it, the socket and the queue.
//
// It reads from the socket only while the session can use what comes: not while a message waits for its durable answer,
// not while the queue takes octets more slowly than the client sends them, and not while the client does not read its
// replies. So what one client costs in memory is bounded (see kLargestRead and the constants of Handover).
#pragma once

#include <memory>
#include <string>

#include "core/smtp/server_session.h"
#include "etrn_runs.h"
#include "handover.h"
#include "log.h"
#include "rules.h"
#include "system/net/stream.h"

namespace sluice::smtp_server {

class Connection : private smtp::Policy {
 public:
  // What all connections of the process share; must outlive them.
  struct Means {
    net::Loop& loop;
    Log& log;
    Handover::Means handover;
    EtrnRuns& etrn;
    bool slow = false;  // the machine is busy: clients rest before each greeting and each command
    // The connection is over and waits to be destroyed, not within this call. `rest` still has octets to send, or is
    // null.
    std::function<void(Connection& connection, std::shared_ptr<net::Stream> rest)> ended;
  };

  Connection(Means& means, std::shared_ptr<const Rules> rules, os::Fd socket, const settings::Address& client);
  ~Connection() override;
  Connection(const Connection&) = delete;

  void start();  // greets

  static constexpr Duration kRest{1000};
  const settings::Address& client() const { return client_; }

  // Ends a client that took too long; called about once a second.
  void check(MonoTime now);
  // The queues take octets again.
  void drained();
  // The process stops: 421 as soon as no message waits for its answer.
  void shut_down();

  std::size_t place = 0;  // in its owner's list; kept by the owner

 private:
  std::optional<smtp::Reply> check_sender(const smtp::MailCommand& mail) override;
  std::optional<smtp::Reply> check_recipient(const mail::Envelope& envelope, Octets address) override;
  std::optional<smtp::Reply> check_message(const mail::Envelope& envelope) override;
  smtp::Reply start_run(const smtp::EtrnCommand& command) override;

  std::size_t receive(Octets octets);
  void closed(int code);
  void answered(const ipc::Submitter::Answer& answer);
  void proceed(std::size_t replies_from);
  void log_ends(Octets replies, bool of_a_message);
  void log_accepted(queue::MessageId id);
  void say(std::string_view what);
  void time_next_step();
  bool has_rested();
  void rested();
  void greet();
  void end();

  Means& means_;
  std::shared_ptr<const Rules> rules_;
  settings::Address client_;
  std::string literal_;  // of the client, as headers and logs have it
  bool trusted_;
  std::shared_ptr<net::Stream> stream_;
  Handover handover_;
  smtp::ServerSession session_;

  struct Submission {  // what the log says of the message that waits for its answer
    std::string sender;
    std::size_t recipients = 0;
  } submission_;
  std::uint64_t commands_seen_ = 0;
  smtp::ServerSession::Wait waited_for_ = smtp::ServerSession::Wait::kCommand;
  MonoTime deadline_{}, message_deadline_{};
  bool message_under_way_ = false;
  bool ended_ = false;

  // Means::slow
  enum class Pace : std::uint8_t { kFree, kResting, kRested } pace_ = Pace::kFree;
  bool greeted_ = false;
  std::unique_ptr<net::Timer> rest_;
};

}  // namespace sluice::smtp_server
