// The client's side of one SMTP connection (RFC 5321, 1870, 2034, 2920, 3461, 6152, 6531) or LMTP connection (RFC 2033)
// as a pure state machine. One session carries many messages, one after the other. It knows no sockets and no clock;
// commands are appended to `out`.
//
//   shell: connected                      session: greeting, EHLO (HELO if EHLO is refused)     -> ready()
//   shell: start(job, out)                MAIL, RCPT..., DATA: in one write with PIPELINING     -> body_wanted() or
//   done() shell: writes the body through BodyEncoder, then body_sent()                                -> done() shell:
//   take_outcomes()                one outcome per recipient, in the order of the job    -> ready() or !usable()
//
// A server may answer anything at any time: replies are hostile input. One that does not parse, or that comes before
// its command was sent, makes the session unusable; recipients without an outcome are then deferred. A session that is
// not usable() is closed by the shell; ending() says why.
//
// Bodies with octets above 0x7f go out also to servers without 8BITMIME, unchanged, because converting would break
// signatures; practically every server takes them. A message that needs SMTPUTF8 where it is not offered fails
// with 5.6.7.
//
// A server that offers DSN (RFC 3461) is told RET, ENVID, NOTIFY and ORCPT, and owes the reports then; one that does
// not is told nothing. A delivered recipient's Outcome::reached says which it was.
//
// LMTP differs in three things: it begins with LHLO, for which there is no older form; the end of data is answered once
// for each recipient that was accepted, in their order; and whom the server took has his message. Because that ends
// the way of the message, reports stay with us: an LMTP server is told nothing about them.
#pragma once

#include <vector>

#include "core/mail/envelope.h"
#include "core/smtp/client_extensions.h"
#include "core/smtp/client_outcome.h"

namespace sluice::smtp {

enum class Protocol : std::uint8_t { kSmtp, kLmtp };

struct Job {
  mail::Envelope envelope;
  std::uint64_t size = 0;  // octets of the body with CRLF line ends, for SIZE; 0: unknown
};

class ClientSession {
 public:
  // hello: the name for EHLO or LHLO. The connection is open and the greeting has not been read.
  explicit ClientSession(std::string hello, Protocol protocol = Protocol::kSmtp)
      : protocol_(protocol), hello_(std::move(hello)) {}

  void receive(Octets input, std::string& out);
  // Only when ready(). Recipients that cannot be sent (address, SMTPUTF8, SIZE) get their outcome without being asked
  // for; if none is left the job is done() at once.
  void start(Job job, std::string& out);
  // The body, with its final dot, is written (or at least handed to the connection).
  void body_sent();
  // The body cannot be read to its end: without a final dot the server keeps nothing.
  void body_failed(Octets why);
  void timed_out();
  void closed();                // the connection ended or broke
  void quit(std::string& out);  // only when ready(); the session is unusable then

  bool ready() const { return step_ == Step::kIdle && !done_; }
  bool body_wanted() const { return step_ == Step::kBody; }
  bool done() const { return done_; }  // there are outcomes to take
  bool usable() const { return step_ != Step::kQuit && step_ != Step::kDead; }
  std::vector<mail::Outcome> take_outcomes();
  // A reused connection died before the server answered anything about this job: what the outcomes say is about the
  // connection only, and a fresh one may be tried at once. Meaningful when done() and not usable().
  bool stale() const { return jobs_ > 1 && !answered_; }
  // The connection broke before the server asked for the body: another server may be given what has no outcome of its
  // own yet, without a message going out twice. Meaningful as stale().
  bool broke_early() const {
    return step_ == Step::kDead && !body_asked_ && ending_.trouble == mail::Trouble::kConnection;
  }
  // Why the session is unusable, for whom the shell meant to serve next.
  const mail::Outcome& ending() const { return ending_; }

  // What the session waits for: the shell chooses the time limit (RFC 5321 4.5.3.2).
  Step wait() const { return step_; }
  const ServerOffers& offers() const { return offers_; }

 private:
  void handle(const ServerReply& reply, std::string& out);
  void on_greeting(const ServerReply& reply, std::string& out);
  void on_hello(const ServerReply& reply, std::string& out);
  void on_mail(const ServerReply& reply, std::string& out);
  void on_rcpt(const ServerReply& reply, std::string& out);
  void on_data(const ServerReply& reply, std::string& out);
  void on_final(const ServerReply& reply);

  void settle_unsendable();
  void send(Octets command, std::string& out);
  void send_transaction(std::string& out);
  void send_mail(std::string& out);
  void send_rcpt(std::size_t index, std::string& out);
  mail::Outcome told(mail::Outcome outcome) const;
  void settle(std::size_t index, const mail::Outcome& outcome);
  void settle_rest(const mail::Outcome& outcome);
  void finish_job(bool transaction_open);
  void end(mail::Outcome why);

  Protocol protocol_;
  std::string hello_;
  ReplyParser parser_;
  ServerOffers offers_;
  Step step_ = Step::kGreeting;
  std::size_t unanswered_ = 1;  // replies that the server owes us
  mail::Outcome ending_;

  Job job_;
  std::vector<mail::Outcome> outcomes_;
  std::vector<bool> settled_;
  std::vector<std::string> wire_addresses_;
  std::string wire_sender_;
  std::vector<std::size_t> asked_;     // recipients that get a RCPT, in order
  std::vector<std::size_t> accepted_;  // of those, for whom the server takes the message, in order
  std::size_t rcpts_answered_ = 0;
  std::size_t finals_answered_ = 0;  // replies to the end of data: LMTP gives one for each of accepted_
  bool pipelined_ = false;           // MAIL, RCPT and DATA go out together
  bool active_ = false;              // a job is started and not done
  bool done_ = false;
  bool needs_reset_ = false;  // a transaction was left open
  bool body_asked_ = false;   // of this job
  bool answered_ = false;     // the server said something about this job
  std::uint64_t jobs_ = 0;
};

}  // namespace sluice::smtp
