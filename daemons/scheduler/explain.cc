#include "explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/schedule/retry_curve.h"
#include "core/select/selection.h"
#include "listed_message.h"

namespace sluice::scheduler {

namespace {

using nlohmann::json;

class Explainer {
 public:
  Explainer(Send& send, const queue::Image::MessageView& message, const schedule::Explanation& explanation)
      : send_(send), message_(message), explanation_(explanation) {}

  void add_to(json& object) {
    object["expires"] = seconds(explanation_.expires);
    object["flow"] = explanation_.flow;
    const auto runs = send_.runs().runs_with(message_.id());
    if (!runs.empty()) object["runs"] = runs;
    json& recipients = object["recipients"];
    if (!recipients.is_array()) return;
    message_.each_recipient([&](const queue::Image::RecipientView& view) {
      if (view.index < recipients.size() && !queue::is_done(view.status)) add_to(recipients[view.index], view);
    });
  }

 private:
  std::int64_t seconds(MonoTime t) const { return to_seconds(send_.loop().wall() + (t - send_.loop().now())); }

  void add_to(json& recipient, const queue::Image::RecipientView& view) const {
    const auto job = std::find_if(explanation_.jobs.begin(), explanation_.jobs.end(), [&](const auto& each) {
      return std::find(each.recipients.begin(), each.recipients.end(), view.index) != each.recipients.end();
    });
    if (job == explanation_.jobs.end()) return;
    recipient["lane_in_flight"] = job->lane_in_flight;
    recipient["lane_ready"] = job->lane_ready;
    recipient["channel_limit"] = send_.core().status(job->channel).limit;
    if (job->until) recipient["until"] = seconds(*job->until);
    if (view.attempts == 0 || job->reason == schedule::Reason::kInFlight) return;
    const bool is_last = job->reason == schedule::Reason::kQueueRun || job->reason == schedule::Reason::kExpensive;
    const std::uint32_t skip = send_.core().policy().of(job->channel).retry_skip;
    recipient["last"] = seconds(is_last ? job->due : schedule::last_attempt(explanation_.birth, job->due, skip));
  }

  Send& send_;
  const queue::Image::MessageView& message_;
  const schedule::Explanation& explanation_;
};

}  // namespace

std::optional<std::string> explained_message(Send& send, std::string_view queue_name, queue::MessageId id) {
  const auto message = send.image().find(id);
  if (!message) return std::nullopt;
  json object = json::parse(listed_message(send, queue_name, *message), nullptr, false);
  if (!object.is_object()) return std::nullopt;
  object["priority"] = select::priority_of(*message, send.core().policy().factors);
  if (const auto explanation = send.core().explain(id)) Explainer(send, *message, *explanation).add_to(object);
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::scheduler
