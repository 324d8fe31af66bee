// One message on its way from a session to a queue's intake. Small ones are gathered and submitted whole; from
// link::kLargeBody on they are passed on in pieces while they come in. Lives as long as its connection and serves one
// message after the other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/smtp/server_settings.h"
#include "system/ipc/submitter.h"

namespace sluice::smtp_server {

// Buffers that are lent to messages, so that a connection without one keeps none.
class Buffers {
 public:
  std::string lend();
  void take_back(std::string&& buffer);

 private:
  std::vector<std::string> free_;
};

class Handover : public smtp::MessageSink {
 public:
  // What handovers of one process share; must outlive them.
  struct Means {
    ipc::Submitter& submitter;
    Buffers& buffers;
    std::function<std::string()> date;  // now, as a Received field has it
    // The queue group that takes the message, as Submitter::Offer names it.
    std::function<std::size_t(const mail::Envelope&)> group_of;
  };
  // on_answer: once for each end(); from within it if no queue can be reached any more.
  Handover(Means& means, ipc::Submitter::OnAnswer on_answer) : means_(means), on_answer_(std::move(on_answer)) {}
  ~Handover() override { drop(); }

  // Before the body: finds a queue and encodes the envelope, or says why not.
  std::optional<smtp::Reply> prepare(const mail::Envelope& envelope);

  Trace begin(const mail::Envelope& envelope) override;
  void classify(const mail::Importance& importance) override;
  void write(Octets octets) override;
  void end() override;
  void abort() override;

  // A message has begun and is neither ended nor aborted.
  bool receiving() const { return receiving_; }
  // The message's queue takes octets more slowly than they come.
  bool congested() const { return receiving_ && means_.submitter.congested(queue_); }
  std::uint64_t octets() const { return octets_; }  // of the last message
  // The answer is not waited for any more.
  void drop();

 private:
  void pass_on();
  void settle(const ipc::Submitter::Answer& answer);
  void give_back();

  Means& means_;
  ipc::Submitter::OnAnswer on_answer_;
  std::size_t queue_ = 0, group_ = 0;
  std::string envelope_, body_;
  std::uint64_t octets_ = 0;
  bool receiving_ = false;
  bool in_pieces_ = false;
  ipc::Submitter::Token token_ = 0;
  std::optional<ipc::Refusal> lost_;  // the message in pieces was refused before its end
};

}  // namespace sluice::smtp_server
