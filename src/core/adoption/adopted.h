// What a message that qmail has preprocessed (core/queue/preprocessed.h) becomes in our state log: the records that
// qmail-send writes when it takes the message over. Pure.
//
//   recipients    those of local/ and remote/, in this order; then those that only bounce/ knows, because their
//                 recipient file is gone. An address stands as it is, for its prefix was put on already; one whose
//                 mailbox lmtproutes name goes there
//   done          failed, if bounce/ has a text for it, else delivered
//   to do         untried, or deferred until the time of its file, but never longer than if it had been tried now; how
//                 often it was tried follows from that time
//   arrival       when info/ was written: the base of the retry curve
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/queue/image.h"
#include "core/queue/preprocessed.h"
#include "core/route/router.h"

namespace sluice::adoption {

struct Circumstances {
  queue::MessageId id;
  queue::BodyRef body;
  std::uint32_t uid = 0, pid = 0;                   // who is said to have submitted it; qmail does not keep that
  std::uint32_t local_skip = 10, remote_skip = 20;  // of the retry curve
  WallTime now{};
};

class Adopted {
 public:
  Adopted(const queue::Preprocessed& message, const route::Router& router, const Circumstances& circumstances);

  // An address is longer than an envelope can hold: the message must stay where it is.
  bool too_long() const { return too_long_; }

  const queue::Admitted& message() const { return message_; }
  std::vector<std::string> addresses() const;  // of all recipients
  // The record Admitted, then what is known of each recipient. Views in them live during the call.
  void each_record(const std::function<void(const queue::StateRecord&)>& visit) const;

 private:
  struct Fate {  // of the recipient at the same index
    queue::RecipientStatus status = queue::RecipientStatus::kUntried;
    std::string text;
    WallTime due{};
    std::uint16_t attempts = 0;
  };
  class Failures;

  void add(const queue::Preprocessed::Channel& from, queue::Channel channel, std::uint32_t skip,
           const route::Router& router, WallTime now, Failures& failures);
  void push(queue::Channel channel, std::string address, Fate fate);

  queue::Admitted message_;
  std::vector<Fate> fates_;
  bool too_long_ = false;
};

// The text of a bounce record as the state log keeps texts: one line, '/' between its lines, with the code in front
// that qmail puts at its end ("no such user. (#5.1.1)").
std::string kept_text(const std::string& bounce_text);

}  // namespace sluice::adoption
