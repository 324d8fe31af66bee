#include "system/ipc/run_starter.h"

#include <fmt/format.h>
#include <unistd.h>

#include "system/os/failure.h"

namespace sluice::ipc {

namespace {

constexpr Duration kPatience{60'000};  // for the selection of a million messages on a busy machine

}  // namespace

RunStarter::RunStarter(net::Loop& loop, std::string run_directory, std::vector<route::QueueGroup> groups,
                       std::vector<supervise::GroupRun> runs)
    : loop_(loop),
      run_directory_(std::move(run_directory)),
      groups_(std::move(groups)),
      runs_(std::move(runs)),
      asked_(runs_.size()),
      troubles_(runs_.size()) {}

void RunStarter::start(std::size_t place, std::function<void(std::uint64_t selected)> then) {
  if (asked_[place]) return;
  std::vector<std::string> sockets;
  for (const auto& socket : queue_sockets(run_directory_))
    if (supervise::belongs_to(runs_[place].group, socket.number, groups_)) sockets.push_back(socket.path);
  auto run = runs_[place].run;
  run.id = fmt::format("{}.{}", ::getpid(), ++count_);
  asked_[place] = std::make_unique<RunRequest>(
      loop_, sockets, run, kPatience,
      [this, place, then = std::move(then)](const auto& outcome) { answered(place, outcome, then); });
}

void RunStarter::answered(std::size_t place, const RunRequest::Outcome& outcome,
                          const std::function<void(std::uint64_t)>& then) {
  std::string trouble = fmt::format("{}", fmt::join(outcome.troubles, "; "));
  if (trouble.empty() && outcome.answered == 0) trouble = "no queue is running";
  if (std::exchange(troubles_[place], trouble) != trouble && !trouble.empty())
    os::say("alert", "sendmail", fmt::format("queue run of group {}: {}", runs_[place].group, trouble));
  asked_[place].reset();
  then(outcome.selected);
}

}  // namespace sluice::ipc
