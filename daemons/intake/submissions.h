// Submissions: takes the frames of submitters apart and gathers whole messages until the commit. One submitter is one
// link; its large bodies are written to their files as they come, everything else waits in memory for the batch, at
// most kLargeBody octets a message.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/link/messages.h"
#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::intake {

// For whom a message is submitted.
struct Whom {
  std::uint32_t uid = 0, pid = 0;
  std::optional<WallTime> arrival{};  // another queue accepted it then; nothing: it comes now
};

// A link that submits. Shared, because a batch may outlive the link: its answers are then dropped.
struct Submitter {
  std::unique_ptr<ipc::Link> link;
  Whom whom;  // as the kernel says, or who it says to submit for
  bool may_speak_for_others = false;
  bool is_scheduler = false;
  bool door_shut = false;  // it had the time to hear that: what it begins now is refused
  struct Open {
    Whom whom;
    std::string envelope;
    std::unique_ptr<store::LargeBody> body;
    std::string trouble;  // the first failure; answered at SubmitEnd
  };
  boost::unordered_flat_map<std::uint64_t, Open> open;
};

class Submissions {
 public:
  static constexpr std::size_t kOpenPerLink = 4096;

  // sync_all: every message is durable before its submitter hears that it was accepted (SuperSafe). Else only reports
  // and what another queue hands over are, because the messages that they come from are forgotten then, and messages
  // with a file of their own.
  Submissions(store::BodyWriter& writer, bool sync_all) : writer_(writer), sync_all_(sync_all) {}

  // One frame of `from`. False: malformed, or no submission frame; the link is to be ended.
  bool take(const std::shared_ptr<Submitter>& from, const link::Frame& frame);

  bool empty() const { return waiting_.empty(); }
  std::size_t octets() const { return octets_.size(); }

  // Makes all that waits durable with one sync and answers every submitter; `stored` sees what was accepted.
  using OnStored = std::function<void(std::span<const store::NewBody>, std::span<const store::Stored>)>;
  void commit(WallTime now, const OnStored& stored);

 private:
  struct Waiting {
    std::shared_ptr<Submitter> from;
    Whom whom;
    std::uint64_t token;
    std::size_t envelope_at, envelope_size, body_at, body_size;  // in octets_
    std::unique_ptr<store::LargeBody> large;
  };

  bool submit(const std::shared_ptr<Submitter>& from, Octets payload);
  bool open(const std::shared_ptr<Submitter>& from, Octets payload);
  bool data(const std::shared_ptr<Submitter>& from, Octets payload);
  bool end(const std::shared_ptr<Submitter>& from, Octets payload);
  // True if the envelope can be delivered to someone; else the submitter was told why not.
  bool acceptable(Submitter& from, std::uint64_t token, Octets envelope);
  void wait(const std::shared_ptr<Submitter>& from, const Whom& whom, std::uint64_t token, Octets envelope, Octets body,
            std::unique_ptr<store::LargeBody> large);

  store::BodyWriter& writer_;
  const bool sync_all_;
  std::string octets_;  // envelopes and bodies of the batch
  std::vector<Waiting> waiting_;
};

}  // namespace sluice::intake
