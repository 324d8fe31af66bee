// Submitter: hands messages to the intakes of the queues and brings back their answers. It keeps one link to each
// queue's intake socket, made when it is first needed and made again, after a rest, when it was lost. It knows nothing
// of SMTP: sluice-smtpd uses it, and so can any program with messages to queue.
//
// The set of queues may change while it runs. Queues keep their index for ever; one that is not offered any more gets
// no new message, and its link is closed when nothing waits for an answer.
//
// A message goes in whole (submit) if its body has at most link::kLargeBody octets, else in pieces (open, data, end).
// Frames are encoded straight into the link's output, so the octets of a body are copied once; all messages of a turn
// leave in one write.
//
// Every submission that was taken is answered exactly once, from the loop and never from within the call that made it:
// with the id of a message that is durable, or with a refusal. Loss of the link refuses, temporarily, everything that
// is not answered (the intake may have stored it all the same: whoever tries again can cause a duplicate, never a
// loss). After abort() or forget() there is no answer.
//
// A queue that shuts its door (core/link/doors.h) is not chosen any more; what it was given is taken to its end.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/select/published_load.h"
#include "system/ipc/link.h"

namespace sluice::ipc {

struct Refusal {
  bool permanent = false;
  std::string text;  // for a log line; says what the intake, or the system, said
};

class Submitter {
 public:
  using Answer = Result<queue::MessageId, Refusal>;
  using OnAnswer = std::function<void(const Answer&)>;  // a lambda that holds one or two pointers does not allocate
  using Token = std::uint64_t;                          // zero names no submission

  struct Callbacks {
    // A queue's link came up or was lost; `what` is a line for the log. A link that cannot be made is told once, not
    // at each try.
    std::function<void(std::string_view level, const std::string& what)> report;
    // A queue that was congested takes messages again. Optional.
    std::function<void()> drained = nullptr;
  };

  // A queue that takes messages.
  struct Offer {
    std::string intake;  // path of its socket
    select::QueueState state{.open = true};
    std::size_t group = 0;  // the queue group that it belongs to
  };
  // Asked again when something is to be sent and the last answer is kFresh old, or a link was lost since.
  using Offers = std::function<std::vector<Offer>()>;
  static constexpr Duration kFresh{200};

  // first: where the round of choose() begins.
  Submitter(net::Loop& loop, Offers offers, link::Role self, Callbacks callbacks, std::size_t first = 0);
  // A set that stays as it is: paths of the intake sockets.
  Submitter(net::Loop& loop, const std::vector<std::string>& intakes, link::Role self, Callbacks callbacks,
            std::size_t first = 0);
  ~Submitter();  // no answers any more
  Submitter(const Submitter&) = delete;

  // The queue for the next message: the least loaded of those that can be reached, spread evenly over equals, before
  // those that are congested, and all queues of `group` before those of others; nothing if none can be reached. Tries
  // to reach lost ones unless their rest is not over.
  std::optional<std::size_t> choose(std::size_t group = 0);

  // Asks for the offers if they are not fresh. Need not be called where messages flow.
  void refresh();

  // The link has more unsent octets than it should: hold back until drained().
  bool congested(std::size_t queue) const;
  // Every queue that can be reached is congested; false if none can be reached.
  bool congested() const;

  // A whole message; `envelope` is encoded (core/queue/envelope_codec.h), `body` at most link::kLargeBody octets.
  // Zero: the queue cannot be reached or is not offered any more, nothing was taken and nothing will be answered.
  // `whom`: for whom, if not for us; once any was submitted for somebody, all must be.
  Token submit(std::size_t queue, Octets envelope, Octets body, OnAnswer on_answer,
               const std::optional<link::SubmitFor>& whom = {});

  // A message in pieces. The answer can come before end(): then the message is lost, what follows is dropped, and
  // end() and abort() do nothing.
  Token open(std::size_t queue, Octets envelope, OnAnswer on_answer, const std::optional<link::SubmitFor>& whom = {});
  void data(Token token, Octets octets);
  void end(Token token);
  // Takes back a message that was opened and not ended: it is not queued.
  void abort(Token token);

  // The answer is not wanted any more; the message may be queued or not.
  void forget(Token token);

  std::size_t waiting() const { return pending_.size(); }  // submissions without an answer

 private:
  struct Intake {
    std::string path;
    bool offered = true;
    std::size_t group = 0;
    select::QueueState state;  // as offered, and what was submitted since
    std::unique_ptr<Link> link;
    MonoTime rest_until{};
    Duration rest{0};     // the last one; zero after a link that worked
    bool silent = false;  // its failure was reported
    bool shut = false;    // it takes no new messages; the link stays until the last answer
  };
  struct Pending {
    std::size_t queue = 0;
    bool opened = false;  // in pieces, and not ended
    OnAnswer on_answer;
  };

  void take_offers();
  Intake& intake_at(const std::string& path);
  bool has_pending(std::size_t queue) const;
  void drop_link(Intake& intake);
  Link* reach(std::size_t queue);
  void connect(std::size_t queue);
  bool receive(std::size_t queue, const link::Frame& frame);
  void settle(std::size_t queue, Token token, const Answer& answer);
  void lose(std::size_t queue, const std::string& why);
  void leave_if_shut(std::size_t queue);
  void rest(Intake& intake);

  net::Loop& loop_;
  Offers offers_;
  MonoTime offers_fresh_until_{};
  std::vector<Intake> intakes_;
  link::Role self_;
  Callbacks callbacks_;
  select::QueueChoice choice_;
  std::vector<select::QueueState> states_;  // scratch of choose()
  boost::unordered_flat_map<Token, Pending> pending_;
  Token last_token_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::ipc
