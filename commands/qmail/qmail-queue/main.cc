// qmail-queue: see qmail-queue(8). Takes a message on descriptor 0 and its envelope on descriptor 1, and queues it
// through the intake of a running queue, or else in its todo directory.
//
// Set-user-id: short, without settings of the caller's choosing (place.h), without a word on standard error.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <new>

#include "core/queue/todo_file.h"
#include "place.h"
#include "received.h"
#include "signals.h"
#include "stop.h"
#include "system/os/clock.h"
#include "system/os/users.h"
#include "system/submission/submission.h"
#include "todo_message.h"

namespace sluice::qmail_queue {

namespace {

constexpr std::size_t kPiece = 64 << 10;

// Whoever started us, whatever we become.
struct Caller {
  std::uint32_t uid = ::getuid();
  std::uint32_t pid = static_cast<std::uint32_t>(::getpid());
};

std::string variable(const config::Environment& environment, const char* name) {
  return environment.variables.find(name).value_or("");
}

std::optional<unsigned> uid_of(const char* user) {
  const auto found = os::find_user(user);
  return found ? std::optional<unsigned>(found->uid) : std::nullopt;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

// What stands above the caller's octets.
std::string head_of(const config::Environment& environment, const Caller& caller) {
  Invocation invocation;
  invocation.uid = caller.uid;
  invocation.pid = caller.pid;
  invocation.alias_uid = uid_of("alias");
  invocation.scheduler_uid = uid_of("qmails");
  invocation.host = variable(environment, "HOSTNAME");
  if (invocation.host.empty()) invocation.host = host_name();
  invocation.client = variable(environment, "TCPREMOTEIP");
  invocation.hide_host = environment.variables.find("HIDE_HOST").has_value();
  invocation.now = os::wall_now();
  std::string head = received_field(invocation);
  const std::string extra = variable(environment, "QQEH");
  head += extra;
  if (!extra.empty() && extra.back() != '\n') head += '\n';
  return head;
}

// Appends a piece of the message; false at its end.
bool read_message(std::string& to) {
  const std::size_t size = to.size();
  to.resize(size + kPiece);
  const std::size_t count = read_input(STDIN_FILENO, to.data() + size, kPiece);
  to.resize(size + count);
  return count > 0;
}

mail::Envelope read_envelope() {
  using State = queue::SubmittedEnvelope::State;
  queue::SubmittedEnvelope envelope;
  std::array<char, 4096> piece;
  for (State state = State::kMore;;) {
    switch (state) {
      case State::kMore:
        break;
      case State::kDone:
        return envelope.take();
      case State::kFormat:
        throw Stop{Exit::kFormat};
      case State::kLongAddress:
        throw Stop{Exit::kLongAddress};
      case State::kRefused:
      case State::kTooLarge:
        throw Stop{Exit::kRefused};
    }
    const std::size_t count = read_input(STDOUT_FILENO, piece.data(), piece.size());
    if (count == 0) throw Stop{Exit::kRead};
    state = envelope.read(Octets(piece.data(), count));
  }
}

// The native door. False: no queue of the instance took the message, and none has it.
bool submit(const Places& places, const Caller& caller, const mail::Envelope& envelope, Octets message) {
  submission::Doors doors;
  doors.intakes = places.intakes;
  doors.states = places.states;
  doors.groups = places.groups;
  doors.rules = places.rules;
  submission::TextSource source(message);
  std::optional<submission::Whom> whom;
  // The kernel tells the intake as whom we act; for whom, only we know.
  if (caller.uid != ::geteuid()) whom = submission::Whom{caller.uid, caller.pid};
  const auto answer = submission::submit_to_intake(doors, envelope, source, whom);
  if (answer) return true;
  if (answer.error().refusal.permanent) throw Stop{Exit::kRefused};
  if (!answer.error().nothing_stored) throw Stop{Exit::kLinkBroke};
  return false;
}

// Its directory, which is the working directory then.
std::string enter_some_queue(const Places& places, const mail::Envelope* envelope) {
  for (const std::string& directory : in_order(places, envelope))
    if (enter_queue(directory)) return directory;
  throw Stop{Exit::kQueueDirectory};
}

// The message is queued whether somebody hears of it now or not.
void tell(const Places& places, const std::string& directory, const link::TodoMessage& message) {
  if (places.dynamic && knock(places.ipc_prefix, directory, message)) return;
  pull_trigger();
}

std::string todo_file_of(const Caller& caller, const mail::Envelope& envelope) {
  return queue::encode_todo_file({caller.uid, caller.pid, envelope, {}});
}

void queue_message() {
  require_input(STDIN_FILENO);
  require_input(STDOUT_FILENO);
  const Caller caller;
  const config::Environment environment = caller_environment();
  const Places places = find_places(environment);
  std::string octets = head_of(environment, caller);
  bool more = true;
  while (more && octets.size() <= link::kLargeBody) more = read_message(octets);
  if (!more) {
    const mail::Envelope envelope = read_envelope();
    if (envelope.recipients.empty() || submit(places, caller, envelope, octets)) return;  // to nobody: nothing to do
    const std::string directory = enter_some_queue(places, &envelope);
    TodoMessage message(places.split, places.big_todo);
    message.write(octets);
    message.accept(todo_file_of(caller, envelope));
    tell(places, directory, message.notice());
  } else {
    // The intake wants the envelope first, our caller says it last: a large message goes straight to its file.
    const std::string directory = enter_some_queue(places, nullptr);
    TodoMessage message(places.split, places.big_todo);
    for (; more; more = read_message(octets)) {
      message.write(octets);
      octets.clear();
    }
    const mail::Envelope envelope = read_envelope();
    if (envelope.recipients.empty()) return;
    message.accept(todo_file_of(caller, envelope));
    tell(places, directory, message.notice());
  }
}

}  // namespace

}  // namespace sluice::qmail_queue

int main() {
  using namespace sluice::qmail_queue;
  settle_in();
  ::umask(033);
  try {
    queue_message();
    return static_cast<int>(Exit::kQueued);
  } catch (const Stop& stop) {
    return static_cast<int>(stop.exit);
  } catch (const std::bad_alloc&) {
    return static_cast<int>(Exit::kMemory);
  } catch (const std::exception&) {
    return static_cast<int>(Exit::kBug);
  }
}
