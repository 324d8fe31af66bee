// Reports: what senders are told about messages of this queue (core/mail/delivery_report.h). When the last recipient of
// a message is settled one report tells of all that failed, or were delivered and wanted that told; when a message is
// late, one tells of those that are still tried. A report is handed to qmail-intake as a message of its own, and only
// when it is durable is the message finished or counted as warned about: so a crash can repeat a report and cannot lose
// one.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>

#include "activity.h"
#include "core/mail/delivery_report.h"
#include "core/queue/image.h"
#include "core/route/router.h"
#include "neighbour.h"
#include "system/store/store.h"

namespace sluice::scheduler {

struct ReportPolicy {
  mail::ReportSettings text;
  std::string double_bounce_to, double_bounce_host;
  Duration lifetime{};   // of messages that may be late
  route::Router router;  // as todo-proc's
};

class Reports {
 public:
  // Called from within complete() and warn(), or later: no report is due (nullopt), or it is queued as `report`.
  using Done = std::function<void(queue::MessageId, std::optional<queue::MessageId>)>;
  struct Callbacks {
    Done completed, warned;
  };
  Reports(net::Loop& loop, Neighbour& intake, store::BodyReader& bodies, Activity& activity, ReportPolicy policy,
          Callbacks callbacks);

  void set_policy(ReportPolicy policy) { policy_ = std::move(policy); }
  // Every recipient of `message` is settled. `message` is not kept.
  void complete(const queue::Image::MessageView& message);
  // `message` is late.
  void warn(const queue::Image::MessageView& message);
  std::size_t under_way() const { return pending_.size(); }  // reports that are not queued yet
  // Answers of qmail-intake. False: to no report of ours.
  bool submitted(const link::Submitted& answer);
  bool refused(const link::SubmitRefused& answer);
  // Another qmail-intake has come: what the one before did not answer is submitted again. It may have stored it.
  void submit_again();

 private:
  enum class Kind : std::uint8_t { kFailure, kSuccess, kWarning };
  struct Pending {
    queue::MessageId about;
    Kind kind = Kind::kFailure;
    std::string envelope;
    std::string body;
  };
  mail::Addressee addressee_of(const queue::Image::MessageView& message) const;
  mail::ReportedMessage describe(const queue::Image::MessageView& message, std::string& original) const;
  void discard(queue::MessageId about, mail::Addressee::Kind kind);
  void send(queue::MessageId about, Kind kind, const mail::ReportedMessage& reported);
  void submit(std::uint64_t token);
  void done(const Pending& pending, std::optional<queue::MessageId> report);
  void retry();

  net::Loop& loop_;
  Neighbour& intake_;
  store::BodyReader& bodies_;
  Activity& activity_;
  ReportPolicy policy_;
  Callbacks callbacks_;
  boost::unordered_flat_map<std::uint64_t, Pending> pending_;  // by token
  std::vector<std::uint64_t> again_;
  std::uint64_t last_token_ = 0;
  net::Timer retry_timer_;
};

}  // namespace sluice::scheduler
