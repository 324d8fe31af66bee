#include "fleet.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "count_file.h"
#include "system/ipc/queue_objects.h"
#include "todo_look.h"

namespace sluice::supervisor {

namespace {

supervise::QueueSample sample_of(const link::QueueReport& report) {
  const auto channel = [](const link::QueueReport::ChannelLoad& load) {
    return supervise::ChannelSample{load.in_flight, load.limit, load.waiting};
  };
  return {channel(report.local), channel(report.remote), channel(report.lmtp)};
}

}  // namespace

Fleet::Fleet(net::Loop& loop, const Instance& instance, const groups::Group& group, const layout::Owners& owners,
             const FleetLimits& limits, Offer::OnLoads on_loads)
    : loop_(loop),
      instance_(instance),
      group_(group),
      owners_(owners),
      scaling_({}),
      offer_(loop, instance.ipc_prefix, ipc::scheduler_object(group.policy.name), owners, std::move(on_loads)),
      looks_(loop, [this] { look(); }),
      retired_looks_(loop, [this] { look_at_retired(); }),
      remember_again_(loop, [this] { remember_count(); }) {
  set_limits(limits);
}

Fleet::~Fleet() = default;

void Fleet::set_limits(const FleetLimits& limits) {
  limits_ = limits;
  bounds_ = {limits.queue_count, limits.queue_count};
  if (instance_.dynamic) bounds_ = supervise::dynamic_bounds(group_.first, limits.queue_count, limits.queue_max);
  scaling_.set_limits({bounds_.floor, bounds_.ceiling, limits.max_load, instance_.keep_count});
  offer_.set_interval(limits.error_interval);
  ceiling_said_.reset();
}

std::string Fleet::directory_of(unsigned place) const { return instance_.groups.directory_of(number_of(place)); }

FleetQueue* Fleet::at(unsigned place) const {
  const auto found = queues_.find(place);
  return found == queues_.end() ? nullptr : found->second.get();
}

std::vector<supervise::PlaceState> Fleet::states() const {
  std::vector<supervise::PlaceState> states(count_, supervise::PlaceState::kAbsent);
  for (const auto& [place, queue] : queues_) {
    if (place >= states.size()) states.resize(place + 1, supervise::PlaceState::kAbsent);
    states[place] = queue->state();
  }
  return states;
}

// --- the start -------------------------------------------------------------------------------------------------------

void Fleet::start() {
  if (instance_.dynamic)
    offer_.start();
  else
    ipc::remove_scheduler_objects(
        instance_.ipc_prefix,
        ipc::scheduler_object(group_.policy.name));  // clients would take it for a sign that queues are dynamic
  first_count();
  say_start();
  for (unsigned place = 0; place < count_; ++place) add(place, false).start();
  start_others();
  put_offer();
  if (instance_.dynamic) follow_load();
}

void Fleet::first_count() {
  count_ = bounds_.floor;
  if (!instance_.dynamic) return;
  const auto remembered = read_count(instance_.control_directory, count_file_of(group_));
  if (!remembered) return alert(fmt::format("{}; beginning with {} queues", remembered.error(), count_));
  remembered_ = *remembered;
  count_ = bounds_.hold(remembered_.value_or(count_));
}

void Fleet::say_start() const {
  std::string what = fmt::format("qStart/qCount {}/{}", group_.first, count_);
  if (!group_.is_default()) what += " of group " + group_.name;
  if (!instance_.dynamic)
    return announce(fmt::format("pid {} static queues {} conf split={}", ::getpid(), what, instance_.shape.split));
  announce(fmt::format("pid {} dynamic queues {}, qconf={}, conf split={}, msgqueue_len={}, msgqueue_size={}",
                       ::getpid(), what, found().size(), instance_.shape.split, instance_.hints.messages,
                       instance_.hints.octets));
}

void Fleet::start_others() {
  std::vector<groups::FoundQueue> idle;
  for (const groups::FoundQueue& queue : found()) {
    const unsigned place = queue.number - group_.first;
    if (!is_ours(queue.number))
      idle.push_back(queue);
    else if (place >= count_)
      run_beyond_count(place);
  }
  say_what_is_not_run(idle);
}

// It may hold mail, of a time when more queues were in use; nobody puts new mail into it. Dynamic: it ends when it is
// empty. Static: as long as we do, so that whoever asks all queues (sendmail -q, mailq) is answered by all.
void Fleet::run_beyond_count(unsigned place) {
  if (!instance_.dynamic)
    announce(fmt::format("queue {} is beyond the {} that take mail, and run for what is in it", directory_of(place),
                         count_));
  add(place, instance_.dynamic).start();
}

void Fleet::say_what_is_not_run(const std::vector<groups::FoundQueue>& queues) const {
  for (const groups::FoundQueue& queue : queues)
    announce(fmt::format("queue {} is there and not run, whatever is in it: its number is {}", queue.directory,
                         group_.is_default() && queue.number < group_.first
                             ? fmt::format("below {}", group_.first)
                             : fmt::format("outside of {} to {}", group_.first, group_.last())));
}

std::vector<groups::FoundQueue> Fleet::found() const {
  auto queues = instance_.groups.found();
  std::erase_if(queues,
                [this](const groups::FoundQueue& queue) { return &instance_.groups.all()[queue.group] != &group_; });
  return queues;
}

bool Fleet::is_ours(unsigned number) const {
  return number >= group_.first && &instance_.groups.all()[instance_.groups.group_with(number)] == &group_;
}

bool Fleet::has(unsigned number) const { return number >= group_.first && at(number - group_.first) != nullptr; }

FleetQueue& Fleet::add(unsigned place, bool draining) {
  scaling_.forget(place);
  auto& queue = queues_[place];
  queue = std::make_unique<FleetQueue>(loop_, instance_, owners_,
                                       supervise::QueueSpec{number_of(place), directory_of(place)},
                                       limits_.error_interval, events_of(place));
  if (draining) queue->drain();
  return *queue;
}

FleetQueue::Events Fleet::events_of(unsigned place) {
  FleetQueue::Events events;
  events.on_start = [this, place] {
    scaling_.forget(place);
    put_offer();  // a directory may have been made
  };
  events.on_report = [this, place](const link::QueueReport& report) {
    scaling_.report(place, sample_of(report), loop_.now());
  };
  events.on_ready = [this, place] {
    if (place < count_) offered_ = std::max(offered_, place + 1);
    put_offer();
  };
  events.on_empty = [this, place](pid_t pid) {
    alert(fmt::format("queue {} empty. Terminating pid {}. New qcount={}", directory_of(place), pid, count_));
  };
  events.on_retired = [this, place](pid_t pid) { retire(place, pid); };
  events.on_note = [this, place](const std::string& note) {
    std::string same = note;  // for all queues
    const std::string name = fmt::format("queue{}", number_of(place));
    if (const auto found = same.find(name); found != same.npos) same.replace(found, name.size(), "queue");
    if (notes_.insert(same).second) announce(note);
  };
  return events;
}

// --- the outside -----------------------------------------------------------------------------------------------------

bool Fleet::settled() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& entry) {
    const FleetQueue& queue = *entry.second;
    return queue.draining() || queue.ready() || queue.in_trouble();
  });
}

bool Fleet::ended(pid_t pid, int status) {
  for (const auto& [place, queue] : queues_)
    if (queue->ended(pid, status)) return true;
  return false;
}

void Fleet::forward(int signo) {
  for (const auto& [place, queue] : queues_) queue->forward(signo);
}

Result<void, std::string> Fleet::pause(unsigned number, bool on) {
  FleetQueue* const queue = number < group_.first ? nullptr : at(number - group_.first);
  if (queue == nullptr) return fail(fmt::format("there is no queue {} that is run", number));
  return queue->pause(on);
}

void Fleet::stop(std::function<void()> then) {
  stopping_ = true;
  looks_.cancel();
  retired_looks_.cancel();
  const auto left = std::make_shared<std::size_t>(queues_.size() + 1);
  const auto one_less = [this, left, then = std::move(then)] {
    if (--*left > 0) return;
    if (instance_.dynamic) offer_.close();
    then();
  };
  for (const auto& [place, queue] : queues_) queue->stop(one_less);
  one_less();
}

nlohmann::json Fleet::describe() const {
  nlohmann::json json{{"group", group_.name},
                      {"first", group_.first},
                      {"mode", instance_.dynamic ? "dynamic" : "static"},
                      {"count", count_},
                      {"floor", bounds_.floor},
                      {"ceiling", bounds_.ceiling},
                      {"keep_count", instance_.keep_count},
                      {"offered", std::min(offered_, count_)},
                      {"threshold", limits_.max_load},
                      {"load", scaling_.average(states(), count_, loop_.now())}};
  if (!complaint_.empty()) json["trouble"] = complaint_;
  return json;
}

std::vector<nlohmann::json> Fleet::reports() const {
  std::vector<nlohmann::json> reports;
  for (const auto& [place, queue] : queues_) {
    reports.push_back(queue->report());
    reports.back()["group"] = group_.name;
    reports.back()["load"] = scaling_.load_of(place, loop_.now());
  }
  return reports;
}

}  // namespace sluice::supervisor
