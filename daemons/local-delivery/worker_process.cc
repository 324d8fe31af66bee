#include "worker_process.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "core/mail/address.h"
#include "system/net/socket.h"
#include "system/os/failure.h"
#include "system/os/users.h"

namespace sluice::local_delivery {

namespace {

constexpr Duration kFastLimit = Seconds{120};  // for a letter that waits for nothing but the disk
constexpr Duration kSlowGrace = Seconds{180};  // over the time of programs: their queue, locks, the way back
constexpr std::size_t kLongestAnswer = 1 << 20;

struct Sockets {
  std::pair<os::Fd, os::Fd> link, bodies;
};

Result<Sockets, std::string> make_sockets() {
  auto link = net::socket_pair();
  if (!link) return fail(link.error().what);
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) != 0)
    return fail(std::string("cannot make a socket: ") + std::strerror(errno));
  return Sockets{std::move(*link), {os::Fd(both[0]), os::Fd(both[1])}};
}

// Nothing without root: then the process stays who we are.
std::optional<os::Identity> identity_of(const local::Owner& owner) {
  if (::geteuid() != 0) return std::nullopt;
  os::Identity identity{owner.uid, owner.gid};
  if (std::getenv("SETUSER_PRIVILEGES") != nullptr) identity.groups = os::groups_of(owner.user, owner.gid);
  return identity;
}

// Sends the token with the descriptor; never waits.
bool send_descriptor(int socket, std::uint64_t token, int file) {
  const Octets octets(reinterpret_cast<const char*>(&token), sizeof token);
  return net::send_with_descriptor(socket, octets, file, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof token;
}

mail::Outcome deferred(const std::string& why) {
  return {mail::Verdict::kDeferred, mail::Trouble::kNone, 0, {4, 3, 0}, fmt::format("{} (#4.3.0)", why.substr(0, 900))};
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>, std::string> WorkerProcess::start(const Environment& environment,
                                                                         const local::Owner& owner, Events events) {
  if (owner.uid == 0) return fail(std::string("Nothing is delivered as root."));
  const auto identity = identity_of(owner);
  if (!identity && owner.uid != ::geteuid())
    return fail(fmt::format("Unable to deliver under the uid of {}.", owner.user));
  auto sockets = make_sockets();
  if (!sockets) return fail(std::move(sockets.error()));
  os::Program program = environment.program;
  program.identity = identity;
  program.descriptors = {{sockets->link.second.get(), link::kToSpawner},
                         {STDOUT_FILENO, STDOUT_FILENO},
                         {STDERR_FILENO, STDERR_FILENO},
                         {sockets->bodies.second.get(), link::kLetterBodies}};
  const auto pid = os::spawn(program);
  if (!pid) return fail(pid.error().what);
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(environment, *pid, std::move(sockets->link.first),
                                                          std::move(sockets->bodies.first), std::move(events)));
}

WorkerProcess::WorkerProcess(const Environment& environment, pid_t pid, os::Fd link, os::Fd bodies, Events events)
    : environment_(environment),
      pid_(pid),
      link_(net::Stream::adopt(environment.loop, std::move(link))),
      body_socket_(std::move(bodies)),
      events_(std::move(events)),
      idle_since_(environment.loop.now()) {
  link_->start({[this](Octets octets) { return receive(octets); },
                [this](int code) { lost(code == 0 ? "ended" : std::strerror(code)); }, [this] { drained(); }});
  link::append_message(link_->output(), environment.setup);
  link_->flush_later();
}

WorkerProcess::~WorkerProcess() { link_->close(); }

void WorkerProcess::give(Job job) {
  if (lost_) return defer(job, "The process that delivers to this user is gone.");
  if (link_->congested() || !backlog_.empty())
    backlog_.push_back(std::move(job));
  else
    send(std::move(job));
}

void WorkerProcess::drained() {
  while (!backlog_.empty() && !link_->congested() && !lost_) {
    Job next = std::move(backlog_.front());
    backlog_.pop_front();
    send(std::move(next));
  }
}

void WorkerProcess::send(Job job) {
  if (LetterBodies::is_file(job.deliver->body)) {
    if (!send_body(job)) return;
    read_.clear();
  } else if (const auto read = environment_.bodies.read(job.deliver->body, read_); !read) {
    return defer(job, fmt::format("Unable to read the message: {}.", read.error()));
  }
  encode(job, read_);
  const std::uint64_t number = job.number;
  in_flight_.emplace(number, InFlight{std::move(job), environment_.loop.now() + kFastLimit});
}

bool WorkerProcess::send_body(const Job& job) {
  const auto file = environment_.bodies.open(job.deliver->body);
  if (file && send_descriptor(body_socket_.get(), job.number, file->get())) return true;
  defer(job, file ? fmt::format("Unable to hand over the message: {}.", std::strerror(errno)) : file.error());
  return false;
}

void WorkerProcess::encode(const Job& job, Octets body) {
  const mail::Envelope& envelope = job.deliver->envelope;
  const mail::Recipient& recipient = envelope.recipients[job.recipient];
  link::Letter letter;
  letter.token = job.number;
  letter.addressee = job.to.addressee;
  letter.line_form = envelope.line_form;
  letter.eight_bit = envelope.eight_bit;
  letter.smtputf8 = envelope.smtputf8;
  letter.ret = envelope.ret;
  letter.notify = recipient.notify;
  letter.body_follows = LetterBodies::is_file(job.deliver->body);
  letter.body_length = job.deliver->body.length;
  letter.user = job.to.owner.user;
  letter.home = job.to.owner.home;
  letter.local = job.local;
  letter.dash = job.to.owner.dash;
  letter.ext = job.to.owner.ext;
  letter.domain = mail::domain_of(recipient.address);
  letter.sender = job.sender;
  letter.default_delivery = environment_.default_delivery;
  letter.original_recipient = recipient.original_recipient;
  letter.envelope_id = envelope.envelope_id;
  letter.body = body;
  link::append_message(link_->output(), letter);
  link_->flush_later();
}

std::size_t WorkerProcess::receive(Octets octets) {
  std::size_t consumed = 0;
  while (!lost_) {
    const auto split = link::split_frame(octets.substr(consumed));
    if (!split || !(split->consumed == 0 || take(split->frame)) ||
        (split->consumed == 0 && octets.size() - consumed > kLongestAnswer)) {
      kill("said what no worker says");
      break;
    }
    if (split->consumed == 0) break;
    consumed += split->consumed;
  }
  return consumed;
}

bool WorkerProcess::take(const link::Frame& frame) {
  if (frame.type == link::FrameType::kLetterSlow) {
    const auto slow = link::LetterSlow::decode(frame.payload);
    const auto found = slow ? in_flight_.find(slow->token) : in_flight_.end();
    if (found == in_flight_.end() || found->second.slow) return false;
    found->second.slow = true;
    found->second.deadline = environment_.loop.now() + environment_.setup.program_limit + kSlowGrace;
    return true;
  }
  if (frame.type != link::FrameType::kLetterDone) return false;
  auto done = link::LetterDone::decode(frame.payload);
  const auto found = done ? in_flight_.find(done->token) : in_flight_.end();
  if (found == in_flight_.end()) return false;
  // Only what an alias says leads to other users.
  if (!done->onward.empty() && found->second.job.to.addressee != link::Addressee::kAlias) return false;
  const Job job = std::move(found->second.job);
  in_flight_.erase(found);
  if (idle()) idle_since_ = environment_.loop.now();
  events_.done(job, std::move(*done));
  return true;
}

MonoTime WorkerProcess::deadline() const {
  MonoTime first = MonoTime::max();
  for (const auto& [number, letter] : in_flight_) first = std::min(first, letter.deadline);
  return first;
}

void WorkerProcess::kill(const std::string& why) {
  if (lost_) return;
  if (pid_ > 0) ::kill(pid_, SIGKILL);
  lost(why);
}

void WorkerProcess::lost(const std::string& why) {
  if (std::exchange(lost_, true)) return;
  link_->close();
  if (!idle()) os::say("warn", "qmail-lspawn", fmt::format("a worker with {} letters {}", in_flight_.size(), why));
  for (const auto& [number, letter] : std::exchange(in_flight_, {}))
    defer(letter.job, "The process that delivers to this user died.");
  for (const Job& job : std::exchange(backlog_, {})) defer(job, "The process that delivers to this user died.");
  events_.gone();
}

void WorkerProcess::defer(const Job& job, const std::string& why) {
  events_.done(job, {job.number, deferred(why), {}, {}});
}

}  // namespace sluice::local_delivery
