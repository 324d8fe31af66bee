#include "neighbour_start.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "announce.h"
#include "queue_start.h"
#include "system/os/process.h"

namespace sluice::supervisor {

namespace {

using link::Role;

constexpr Duration kGrace{1000};     // for the old process to see that its links are gone
constexpr Duration kAskAgain{20};    // whether it is
constexpr Duration kStubborn{5000};  // after KILL, then it is said
// A logger that cannot even start would take with it what it is given: it does not say that it is there.
constexpr Duration kProof{200};

// A process that was a member of the queue. What was not found, or belongs to somebody else by now, is gone.
os::Fd hold_member(pid_t pid, pid_t process_group) {
  os::Fd held(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
  if (!held || ::getpgid(pid) != process_group) return {};
  return held;
}

bool has_ended(const os::Fd& process) {
  pollfd watched{process.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

void kill_held(const os::Fd& process) { ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0U); }

}  // namespace

// The rules of one group, of one daemon or two.
struct NeighbourStarts::Group {
  struct Member {
    Role role;
    pid_t pid = 0;  // of the one that was started from here; 0: of the one that came with the queue
    unsigned starts = 0;
    std::string why{};  // it was lost, as qmail-send says
    std::string end{};  // how it ended, if it was our child
    pid_t lost_pid = 0;
    pid_t awaited = 0;     // `pid`, until we hear of its end: then somebody else may get that number
    os::Fd old{};          // the process that is to be gone first
    os::Fd end_to_give{};  // of a logger that was just started
  };
  enum class State { kRuns, kEnding, kResting, kProving };
  bool runs() const { return state == State::kRuns || state == State::kProving; }

  Group(net::Loop& loop, const supervise::RestartLimits& limits, std::vector<Role> roles, std::function<void()> on_time)
      : policy(limits), timer(loop, std::move(on_time)) {
    for (const Role role : roles) members.push_back({role});
  }

  std::vector<Member> members;
  State state = State::kRuns;
  supervise::RestartPolicy policy;
  net::Timer timer;
  MonoTime kill_at{}, complain_at{};
  std::string trouble;
};

NeighbourStarts::NeighbourStarts(net::Loop& loop, const Instance& instance, const supervise::QueueSpec& queue,
                                 const layout::Owners& owners, Give give)
    : loop_(loop), instance_(instance), queue_(queue), owners_(owners), give_(std::move(give)) {
  std::vector<std::vector<Role>> together{
      {Role::kLocalDelivery}, {Role::kRemoteDelivery}, {Role::kClean}, {Role::kTodo, Role::kIntake}};
  if (!instance.logger.empty()) together.push_back({Role::kLogger});
  for (std::vector<Role>& roles : together) {
    const std::size_t at = groups_.size();
    groups_.push_back(
        std::make_unique<Group>(loop, instance.restart, std::move(roles), [this, at] { go_on(*groups_[at]); }));
  }
}

NeighbourStarts::~NeighbourStarts() = default;

void NeighbourStarts::queue_started(pid_t group) {
  queue_ended();
  process_group_ = group;
  for (const auto& each : groups_) each->policy.started(loop_.now());
}

void NeighbourStarts::queue_ended() {
  process_group_ = 0;
  for (const auto& group : groups_) {
    group->timer.cancel();
    group->state = Group::State::kRuns;
    group->trouble.clear();
    for (auto& member : group->members) member = {member.role, 0, member.starts};
  }
}

NeighbourStarts::Group* NeighbourStarts::group_of(Role role) {
  for (const auto& group : groups_)
    for (const auto& member : group->members)
      if (member.role == role) return group.get();
  return nullptr;
}

void NeighbourStarts::lost(const link::NeighbourLost& loss) {
  Group* const group = group_of(loss.role);
  if (group == nullptr || process_group_ == 0) return;
  if (group->state == Group::State::kProving) return;  // its predecessor, whose end we saw before
  for (auto& member : group->members) {
    if (member.role != loss.role) continue;
    // Our own word on who it was counts more than qmail-send's.
    member.lost_pid = member.pid != 0 ? member.pid : static_cast<pid_t>(loss.pid);
    member.why = loss.why;
    member.old = hold_member(member.lost_pid, process_group_);
  }
  if (group->state == Group::State::kRuns) await_end(*group);
}

void NeighbourStarts::await_end(Group& group) {
  group.state = Group::State::kEnding;
  group.kill_at = loop_.now() + kGrace;
  group.complain_at = group.kill_at + kStubborn;
  group.timer.set_after(kAskAgain);
}

bool NeighbourStarts::ended(pid_t pid, int status) {
  for (const auto& group : groups_)
    for (auto& member : group->members) {
      if (member.awaited != pid) continue;
      member.awaited = 0;
      member.end = os::describe_end(status);
      // qmail-send finds this out only when it writes the next line.
      if (member.role == Role::kLogger && member.pid == pid && group->runs() && process_group_ != 0) {
        member.lost_pid = pid;
        member.end_to_give.reset();
        await_end(*group);
      }
      return true;
    }
  return false;
}

void NeighbourStarts::go_on(Group& group) {
  if (group.state == Group::State::kResting) return start(group);
  if (group.state == Group::State::kProving) {
    group.state = Group::State::kRuns;
    for (auto& member : group.members) give_(member.role, std::move(member.end_to_give));
    return;
  }
  bool all_gone = true;
  for (auto& member : group.members) {
    if (member.old && has_ended(member.old)) member.old.reset();
    if (!member.old) continue;
    all_gone = false;
    if (loop_.now() >= group.kill_at) kill_held(member.old);
    if (loop_.now() < group.complain_at) continue;
    group.complain_at = MonoTime::max();
    group.trouble = fmt::format("{} pid {} does not end", link::name_of(member.role), member.lost_pid);
    alert(fmt::format("cannot restart yet: {}, queue {}", group.trouble, queue_.directory));
  }
  if (!all_gone) return group.timer.set_after(kAskAgain);

  const MonoTime next = group.policy.next_start(loop_.now());
  std::string which, why;
  for (const auto& member : group.members) {
    which += fmt::format("{}{}{}", which.empty() ? "" : " and ", link::name_of(member.role),
                         member.lost_pid > 0 ? fmt::format(" pid {}", member.lost_pid) : std::string());
    const std::string& said = member.end.empty() ? member.why : member.end;
    if (!said.empty()) why += (why.empty() ? "" : ", ") + said;
  }
  const Duration wait = next - loop_.now();
  alert(fmt::format("restart {}, queue {}: {}{}", which, queue_.directory, why,
                    wait <= Duration{0}
                        ? std::string()
                        : fmt::format("; next start in {:.1f} s", static_cast<double>(wait.count()) / 1000)));
  group.trouble = why;
  group.state = Group::State::kResting;
  group.timer.set(next);
}

void NeighbourStarts::start(Group& group) {
  group.policy.started(loop_.now());
  std::vector<Role> roles;
  for (const auto& member : group.members) roles.push_back(member.role);
  auto started = start_neighbours(instance_, queue_, owners_, process_group_, roles);
  if (!started) {
    const MonoTime next = group.policy.next_start(loop_.now());
    group.trouble = started.error().what;
    alert(fmt::format("{}, queue {}", group.trouble, queue_.directory));
    return group.timer.set(std::max(next, loop_.now() + kGrace));
  }
  group.state = Group::State::kRuns;
  group.trouble.clear();
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    auto& member = group.members[i];
    auto& fresh = (*started)[i];
    member.pid = member.awaited = fresh.pid;
    member.lost_pid = 0;
    member.why.clear();
    member.end.clear();
    ++member.starts;
    announce(fmt::format("pid {}, {} of queue {} started", member.pid, link::name_of(member.role), queue_.directory));
    if (member.role != Role::kLogger) {
      give_(member.role, std::move(fresh.scheduler_end));
      continue;
    }
    member.end_to_give = std::move(fresh.scheduler_end);
    group.state = Group::State::kProving;
    group.timer.set_after(kProof);
  }
}

nlohmann::json NeighbourStarts::report() const {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& group : groups_)
    for (const auto& member : group->members) {
      if (member.starts == 0 && group->runs()) continue;
      const bool runs = group->runs();
      nlohmann::json object{{"name", link::name_of(member.role)},
                            {"state", runs ? "running" : "restarting"},
                            {"pid", runs ? member.pid : 0},
                            {"restarts", member.starts}};
      if (!runs && !group->trouble.empty()) object["trouble"] = group->trouble;
      list.push_back(std::move(object));
    }
  return list;
}

}  // namespace sluice::supervisor
