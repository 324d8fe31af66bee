// SMTP on standard input and output (-bs): the session of core/smtp, with whoever calls as a client that may send
// anywhere. Line feeds without CR end lines too: the peer is a program of this machine and risks only its own mail.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "core/mail/line_form.h"
#include "core/smtp/server_session.h"
#include "work.h"

namespace sluice::sendmail {

class SmtpDialogue : private smtp::Policy, private smtp::MessageSink {
 public:
  explicit SmtpDialogue(const Work& work);

  int run();  // until QUIT, the end of the input or an error; the exit status

 private:
  std::optional<smtp::Reply> check_sender(const smtp::MailCommand&) override { return std::nullopt; }
  std::optional<smtp::Reply> check_recipient(const mail::Envelope&, Octets) override { return std::nullopt; }
  std::optional<smtp::Reply> check_message(const mail::Envelope& envelope) override;

  Trace begin(const mail::Envelope& envelope) override;
  void classify(const mail::Importance& importance) override;
  void write(Octets octets) override;
  void end() override;
  void abort() override;

  void keep(Octets octets);
  Result<submission::Queued, submission::Refusal> submit();
  void receive(Octets input);
  bool send();

  const Work& work_;
  smtp::ServerSettings settings_;
  smtp::ServerSession session_;
  std::string out_;   // replies that are not sent yet
  char last_ = '\n';  // octet received

  // The message that comes in. What is larger than fits into one frame goes to a file without a name.
  mail::Envelope envelope_;
  mail::CrlfToLf lines_;
  std::string body_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> rest_{nullptr, std::fclose};
  bool cannot_keep_ = false;
};

}  // namespace sluice::sendmail
