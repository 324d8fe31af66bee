// The server's side of one SMTP connection (RFC 5321, 1870, 1985, 2034, 2920, 3030, 6152, 6531) as a pure state
// machine: octets of the client and answers of the shell in, reply octets and a message for the sink out. It knows no
// sockets and no clock. Every function that can produce replies appends them to `out`, so the shell writes once per
// turn.
//
// The way of a message: Policy is asked at MAIL, RCPT and before the body; the body streams into the MessageSink; after
// MessageSink::end() the session waits (wants_pause()) until the shell says message_accepted() or message_refused(),
// which is the reply to the final dot or to BDAT LAST. Octets that arrive meanwhile are held and read afterwards; the
// shell should stop reading from the socket then: more than kMaximumHeld octets end the session.
//
// Errors of the client are answered and counted; after too many the session is closed() with 421. When closed() is true
// the shell sends what is in `out` and closes the connection.
#pragma once

#include "core/smtp/line_reader.h"
#include "core/smtp/message_receiver.h"
#include "core/smtp/server_rules.h"

namespace sluice::smtp {

class ServerSession {
 public:
  static constexpr std::size_t kMaximumHeld = 1u << 20;

  // client: address literal of the peer, "[192.0.2.1]" or "[IPv6:2001:db8::1]".
  ServerSession(const ServerSettings& settings, Policy& policy, MessageSink& sink, std::string client);

  void greet(std::string& out);
  void receive(Octets input, std::string& out);

  // The answer after MessageSink::end(); may be given from inside it. id: what the reply calls the message.
  void message_accepted(Octets id, std::string& out);
  void message_refused(const Reply& reply, std::string& out);

  // The shell lost patience (421 4.4.2), or stops (421 4.3.2, after the answer to a message that waits for one).
  void timed_out(std::string& out);
  void shut_down(std::string& out);
  // The connection is gone: a message in the middle of its body is aborted.
  void peer_closed();

  bool closed() const { return closed_; }
  bool wants_pause() const { return mode_ == Mode::kAnswer && !closed_; }
  // What the session waits for: the shell chooses the time limit (RFC 5321 4.5.3.2.7) and restarts it when this or
  // commands() changes, and while body octets arrive.
  enum class Wait : std::uint8_t { kCommand, kBody, kAnswer };
  Wait wait() const;
  std::uint64_t commands() const { return commands_; }

 private:
  enum class Mode : std::uint8_t {
    kCommands,
    kData,
    kChunk,   // inside the octets of a BDAT
    kAnswer,  // the message is complete, the shell has not answered
  };

  std::size_t consume(Octets input, std::string& out);
  void consume_held(std::string& out);
  void hold(Octets input, std::string& out);
  void command(Octets line, std::string& out);
  void hello(Verb verb, Octets argument, std::string& out);
  void mail(Octets argument, std::string& out);
  void rcpt(Octets argument, std::string& out);
  void data(std::string& out);
  void bdat(Octets argument, Ruling ruling, std::string& out);
  void etrn(Octets argument, std::string& out);
  void end_chunk(std::string& out);
  void finish_message(std::string& out);
  void begin_message(Framing framing);
  void answer(std::string& out);
  void reset();
  void refuse(Octets reply, std::string& out);
  void refuse(const Reply& reply, std::string& out);
  void refuse(CommandError error, Verb verb, std::string& out);
  void count_error(unsigned code, std::string& out);
  void close(Octets reply, std::string& out);

  const ServerSettings& settings_;
  Policy& policy_;
  std::string client_;
  LineReader lines_;
  MessageReceiver receiver_;

  Stage stage_ = Stage::kConnected;
  Mode mode_ = Mode::kCommands;
  bool closed_ = false;
  bool consuming_ = false;      // receive() is on the stack
  bool shutting_down_ = false;  // 421 as soon as the waiting message is answered
  bool extended_ = false;       // EHLO, not HELO
  std::string hello_;
  mail::Envelope envelope_;
  std::size_t errors_ = 0;
  std::uint64_t commands_ = 0;

  std::uint64_t chunk_left_ = 0;
  bool chunk_last_ = false;
  std::string chunk_refusal_;    // the reply to this chunk, if it is swallowed
  std::string message_refusal_;  // the reply to every further chunk of this message

  std::string held_;
  std::size_t held_used_ = 0;
};

}  // namespace sluice::smtp
