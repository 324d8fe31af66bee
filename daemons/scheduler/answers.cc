#include "answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/mail/transcript.h"
#include "explain.h"
#include "listing.h"
#include "operator_orders.h"

namespace sluice::scheduler {

namespace {

using nlohmann::json;

// Octets from outside may be no UTF-8; what is not is shown as U+FFFD.
std::string text_of(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

// 100 times the sum of what is used of each channel, as IndiMail defines the load of a queue.
unsigned load_of(const schedule::ChannelStatus& local, const Use& remote) {
  const auto percent = [](unsigned in_flight, unsigned limit) { return limit == 0 ? 0 : 100 * in_flight / limit; };
  return percent(local.in_flight, local.limit) + percent(remote.in_flight, remote.limit);
}

json channel_of(const schedule::ChannelStatus& status) {
  json waiting = json::object();
  for (std::size_t i = 0; i < schedule::kReasons; ++i)
    if (status.waiting[i] > 0) waiting[std::string(name_of(static_cast<schedule::Reason>(i)))] = status.waiting[i];
  return {
      {"in_flight", status.in_flight}, {"limit", status.limit}, {"held", status.held}, {"waiting", std::move(waiting)}};
}

json figures_of(const Figures& figures) {
  return {{"taken", figures.taken},
          {"delivered", figures.delivered},
          {"deferred", figures.deferred},
          {"failed", figures.failed}};
}

json runs_of(const Send& send) {
  json runs = json::array();
  for (const std::string& run : send.runs().describe()) runs.push_back(json::parse(run, nullptr, false));
  return runs;
}

std::string status_of(Send& send, const std::string& name, const std::string& directory) {
  const auto local = send.core().status(queue::Channel::kLocal), remote = send.core().status(queue::Channel::kRemote),
             lmtp = send.core().status(queue::Channel::kLmtp);
  json daemons = json::array();
  for (const link::Hello& hello : send.daemons())
    daemons.push_back({{"name", link::name_of(hello.role)}, {"pid", hello.pid}});
  return text_of({{"queue", name},
                  {"directory", directory},
                  {"messages", send.image().size()},
                  {"load", load_of(local, send.use_of_remote())},
                  {"paused", send.paused()},
                  {"draining", send.draining()},
                  {"detached", send.detached()},
                  {"local", channel_of(local)},
                  {"remote", channel_of(remote)},
                  {"lmtp", channel_of(lmtp)},
                  {"lanes", send.core().lanes()},
                  {"figures", figures_of(send.figures())},
                  {"runs", runs_of(send)},
                  {"daemons", std::move(daemons)}});
}

std::vector<std::string> lanes_of(Send& send, const std::string& name, std::optional<std::size_t> most) {
  std::vector<std::string> answers;
  const auto lanes = most ? send.core().busiest_lanes(*most) : send.core().lane_statuses();
  for (const schedule::LaneStatus& lane : lanes) {
    json object = {{"queue", name},
                   {"channel", queue::name_of(lane.channel)},
                   {"destination", lane.destination},
                   {"jobs", lane.jobs},
                   {"in_flight", lane.in_flight},
                   {"window", lane.window},
                   {"limit", lane.limit},
                   {"ready", lane.ready},
                   {"reason", name_of(lane.reason)}};
    const auto seconds_of = [&send](MonoTime t) { return to_seconds(send.loop().wall() + (t - send.loop().now())); };
    if (lane.backoff_since && lane.backoff_until) {
      object["failures"] = lane.failed_probes;
      object["backoff_since"] = seconds_of(*lane.backoff_since);
      object["backoff_until"] = seconds_of(*lane.backoff_until);
    }
    answers.push_back(text_of(object));
  }
  return answers;
}

// Ends the back-off of the destination that is named, in any channel, or of all; answers those that were in it.
std::vector<std::string> forget_backoff(Send& send, const std::string& name, const json& query) {
  const json destination = query.value("destination", json());
  std::vector<std::string> answers;
  for (const schedule::LaneStatus& lane : send.core().lane_statuses()) {
    if (!lane.backoff_until || (destination.is_string() && destination.get<std::string>() != lane.destination))
      continue;
    if (!send.forget_backoff({lane.channel, lane.destination})) continue;
    answers.push_back(
        text_of({{"queue", name}, {"channel", queue::name_of(lane.channel)}, {"destination", lane.destination}}));
  }
  return answers;
}

std::optional<std::size_t> most_of(const json& query) {
  const json most = query.value("busiest", json());
  return most.is_number_unsigned() ? std::optional(most.get<std::size_t>()) : std::nullopt;
}

Result<ipc::Answers, std::string> run(Send& send, const json& query, ipc::Asker asker) {
  const bool owner = asker == ipc::Asker::kOwner;
  auto what = select::queue_run_of(query);
  if (!what) return fail(what.error());
  const bool etrn = asker == ipc::Asker::kSmtpServer && what->trigger == select::Trigger::kEtrn;
  if (!owner && !etrn && send.runs_restricted())
    return fail(std::string("You do not have permission to process the queue"));
  if (!owner && (what->bounce || what->timeouts.says_anything() || what->selector.view != select::View::kNormal))
    return fail(std::string("You do not have permission to return mail, or to try what is held"));
  if (!owner && what->watch && send.listing_restricted())
    return fail(std::string("You do not have permission to see the queue"));
  if (what->bounce && what->matching_only) return fail(std::string("bounce: messages are returned whole"));
  what->by = mail::transcript::harmless(what->by);
  auto feed = send.runs().ask(std::move(*what), owner);
  if (!feed) return fail(feed.error());
  return ipc::Answers(std::move(*feed));
}

ipc::Answers explain(Send& send, const std::string& name, const json& query) {
  const json id = query.value("id", json());
  if (!id.is_number_unsigned()) return ipc::answer_list({});
  auto answer = explained_message(send, name, queue::MessageId(id.get<std::uint64_t>()));
  return answer ? ipc::answer_list({std::move(*answer)}) : ipc::answer_list({});
}

bool may_ask(const std::string& what, const Send& send, ipc::Asker asker) {
  if (asker == ipc::Asker::kOwner || what == "run") return true;  // run() looks closer
  return (what == "queue" || what == "explain" || what == "runs") && !send.listing_restricted();
}

}  // namespace

ipc::ControlServer::Handler answers_of(Send& send, std::string queue_name, std::string queue_directory) {
  auto listings = std::make_shared<Listings>(send, queue_name, queue_directory);
  return [&send, listings, name = std::move(queue_name), directory = std::move(queue_directory)](
             const json& query, ipc::Asker asker) -> Result<ipc::Answers, std::string> {
    const std::string what = query.value("what", json()).is_string() ? query["what"].get<std::string>() : "";
    if (!may_ask(what, send, asker)) return fail(std::string(ipc::kOwnerOnly));
    if (what == "status") return ipc::answer_list({status_of(send, name, directory)});
    if (what == "queue") return listings->ask(query, asker == ipc::Asker::kOwner);
    if (what == "explain") return explain(send, name, query);
    if (what == "hold" || what == "release" || what == "delete") return operator_order(send, what, query);
    if (what == "run") return run(send, query, asker);
    if (what == "runs") return ipc::answer_list(send.runs().describe());
    if (what == "lanes") return ipc::answer_list(lanes_of(send, name, most_of(query)));
    if (what == "forget") return ipc::answer_list(forget_backoff(send, name, query));
    return fail(
        fmt::format("qmail-send does not know \"{}\"; "
                    "it answers status, queue, explain, run, runs, hold, release, "
                    "delete, lanes and forget",
                    what));
  };
}

}  // namespace sluice::scheduler
