#include "worker_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace sluice::local_delivery {

namespace {

constexpr Duration kLongestRest = Seconds{5};  // between two looks at the deadlines

}  // namespace

WorkerPool::WorkerPool(net::Loop& loop, WorkerProcess::Environment environment, Limits limits,
                       std::function<void(const Job&, link::LetterDone)> finished)
    : loop_(loop),
      environment_(std::move(environment)),
      limits_(limits),
      finished_(std::move(finished)),
      timer_(loop, [this] { tend(); }) {
  loop_.on_signals({SIGCHLD}, [this](int) { reap(); });
}

std::string WorkerPool::key_of(const local::Owner& owner) {
  return fmt::format("{}:{}:{}", owner.uid, owner.gid, owner.user);
}

void WorkerPool::deliver(Job job) {
  const std::string key = key_of(job.to.owner);
  const auto found = workers_.find(key);
  WorkerProcess* worker = found == workers_.end() ? nullptr : found->second.get();
  if (worker == nullptr && workers_.size() >= limits_.workers && !make_room())
    return waiting_.push_back(std::move(job));
  if (worker == nullptr) worker = start(key, job);
  if (worker == nullptr) return;
  worker->give(std::move(job));
  if (!timer_.armed()) timer_.set_after(std::min(kLongestRest, limits_.idle_time));
}

WorkerProcess* WorkerPool::start(const std::string& key, const Job& job) {
  auto worker = WorkerProcess::start(
      environment_, job.to.owner,
      {[this](const Job& done, link::LetterDone what) { finish(done, std::move(what)); }, [this, key] { gone(key); }});
  if (worker) return workers_.emplace(key, std::move(*worker)).first->second.get();
  const mail::Outcome outcome{mail::Verdict::kDeferred,
                              mail::Trouble::kNone,
                              0,
                              {4, 3, 0},
                              fmt::format("{} (#4.3.0)", worker.error().substr(0, 900))};
  finish(job, {job.number, outcome, {}, {}});
  return nullptr;
}

// Ends the worker that has been idle for longest. False: none is.
bool WorkerPool::make_room() {
  auto oldest = workers_.end();
  for (auto one = workers_.begin(); one != workers_.end(); ++one)
    if (one->second->idle() && (oldest == workers_.end() || one->second->idle_since() < oldest->second->idle_since()))
      oldest = one;
  if (oldest == workers_.end()) return false;
  gone_.push_back(std::move(oldest->second));
  workers_.erase(oldest);
  if (!std::exchange(end_asked_, true)) loop_.at_turn_end([this] { turn_ends(); });
  return true;
}

void WorkerPool::finish(const Job& job, link::LetterDone done) {
  done_.emplace_back(job, std::move(done));
  if (!std::exchange(end_asked_, true)) loop_.at_turn_end([this] { turn_ends(); });
}

void WorkerPool::turn_ends() {
  end_asked_ = false;
  gone_.clear();
  for (auto& [job, done] : std::exchange(done_, {})) finished_(job, std::move(done));
  // Whoever became idle makes room for those who wait; each is asked once.
  for (Job& job : std::exchange(waiting_, {})) deliver(std::move(job));
}

void WorkerPool::gone(const std::string& key) {
  const auto found = workers_.find(key);
  if (found == workers_.end()) return;
  gone_.push_back(std::move(found->second));
  workers_.erase(found);
  if (!std::exchange(end_asked_, true)) loop_.at_turn_end([this] { turn_ends(); });
}

void WorkerPool::tend() {
  const MonoTime now = loop_.now();
  std::vector<WorkerProcess*> late;
  MonoTime next = now + kLongestRest;
  for (auto one = workers_.begin(); one != workers_.end();) {
    WorkerProcess& worker = *one->second;
    if (worker.idle() && now >= worker.idle_since() + limits_.idle_time) {
      one = workers_.erase(one);
      continue;
    }
    if (worker.idle()) next = std::min(next, worker.idle_since() + limits_.idle_time);
    if (worker.deadline() <= now) late.push_back(&worker);
    ++one;
  }
  for (WorkerProcess* worker : late) worker->kill("did not answer in time and was ended");
  if (!workers_.empty()) timer_.set(next);
}

void WorkerPool::reap() {
  while (const auto ended = os::reap_any())
    for (const auto& [key, worker] : workers_)
      if (worker->pid() == ended->pid) worker->child_ended();
}

}  // namespace sluice::local_delivery
