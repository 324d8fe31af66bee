// ProgramDelivery: one attempt made by the program that stands in for our own client (QMAILREMOTE): a process for each
// recipient, one after the other. What its output means is core/mail/remote_report.h.
//
//   arguments    qmail-remote HOST SENDER QQEH SIZE RECIPIENT: the recipient's domain, the envelope sender or nothing,
//                nothing, the octets of the message, the recipient
//   descriptors  0 the message with LF line ends, a file of its own; 1 the reports; 2 our standard error
//   environment  PATH, SLUICE_HOME, CONTROLDIR and QUEUEDIR as we have them; MESSID, the message's id
//   else         our uid, directory /, a process group of its own
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "body_file.h"
#include "core/link/messages.h"
#include "program_run.h"

namespace sluice::remote {

class ProgramDelivery {
 public:
  struct Means {
    net::Loop& loop;
    store::BodyReader& bodies;
    std::string& piece;  // room for pieces of bodies
    std::string program;
    Duration limit{};
  };
  using Done = std::function<void(ProgramDelivery&, std::vector<mail::Outcome>)>;

  // `done` is called once, with an outcome a recipient, never from within this call, and may destroy the delivery.
  ProgramDelivery(Means means, link::Deliver order, Done done);

  std::uint64_t attempt() const { return order_.attempt; }

  // For whoever watches, if anybody does.
  using Say = std::function<void(std::uint64_t watcher, std::string line)>;
  void tell_start(const Say& say) const;
  void tell_results(const Say& say, const std::vector<mail::Outcome>& outcomes) const;

 private:
  void go_on();
  void next_recipient();
  Result<std::unique_ptr<ProgramRun>, mail::Outcome> start(const std::string& recipient);
  void fail_rest(mail::Outcome outcome);
  void finish();

  Means means_;
  const link::Deliver order_;
  const Done done_;
  std::optional<BodyFile> body_;
  std::unique_ptr<ProgramRun> run_;
  std::vector<mail::Outcome> outcomes_;
  net::Timer turn_;  // the next step of what was begun, when others had theirs
};

}  // namespace sluice::remote
