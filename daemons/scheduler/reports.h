// Reports: failure reports about messages of this queue. Builds the report of a message whose recipients are all
// settled (core/mail/failure_report.h), hands it to qmail-intake as a message of its own, and says when it is durable:
// only then is the failed message finished, so a crash can repeat a report and cannot lose one.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>

#include "activity.h"
#include "core/mail/failure_report.h"
#include "core/queue/image.h"
#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::scheduler {

struct ReportPolicy {
  mail::ReportSettings text;
  std::string double_bounce_to, double_bounce_host;
};

class Reports {
 public:
  // `done(id, report)`: no report is due (nullopt), or it is queued as `report`. Called from within start() or later.
  using Done = std::function<void(queue::MessageId, std::optional<queue::MessageId>)>;
  Reports(net::Loop& loop, ipc::Link& intake, store::BodyReader& bodies, Activity& activity, ReportPolicy policy,
          Done done);

  void set_policy(ReportPolicy policy) { policy_ = std::move(policy); }
  // Every recipient of `message` is settled. `message` is not kept.
  void start(const queue::Image::MessageView& message);
  // Answers of qmail-intake. False: to no report of ours.
  bool submitted(const link::Submitted& answer);
  bool refused(const link::SubmitRefused& answer);

 private:
  struct Pending {
    queue::MessageId about;
    std::string envelope;
    std::string body;
  };
  mail::FailedMessage describe(const queue::Image::MessageView& message, std::string& original);
  void submit(std::uint64_t token);
  void retry();

  net::Loop& loop_;
  ipc::Link& intake_;
  store::BodyReader& bodies_;
  Activity& activity_;
  ReportPolicy policy_;
  Done done_;
  boost::unordered_flat_map<std::uint64_t, Pending> pending_;  // by token
  std::vector<std::uint64_t> again_;
  std::uint64_t last_token_ = 0;
  net::Timer retry_timer_;
};

}  // namespace sluice::scheduler
