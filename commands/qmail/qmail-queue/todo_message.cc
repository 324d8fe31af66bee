#include "todo_message.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "stop.h"
#include "system/ipc/message_queue.h"

namespace sluice::qmail_queue {

namespace {

constexpr mode_t kMode = 0644;

void write_all(int fd, Octets octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(fd, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw Stop{Exit::kWrite};
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

os::Fd create(const std::string& path) {
  return os::Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode));
}

void sync_file(int fd) {
  if (::fsync(fd) != 0) throw Stop{Exit::kSync};
}

void sync_directory_of(const std::string& path) {
  const os::Fd fd(::open(path.substr(0, path.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw Stop{Exit::kSyncDirectory};
}

// A file in pid/ under a name that nobody else has.
std::string create_in_pid(os::Fd& file) {
  const std::string stem = "pid/" + std::to_string(::getpid()) + '.' + std::to_string(::time(nullptr)) + '.';
  for (int sequence = 1; sequence < 10; ++sequence) {
    const std::string path = stem + std::to_string(sequence);
    file = create(path);
    if (file) return path;
    if (errno != EEXIST) break;
  }
  throw Stop{Exit::kMakeMessage};
}

// An envelope of that number without a message in todo is what somebody left who died: the file that now has the
// number is ours.
os::Fd create_envelope(const std::string& intd, const std::string& todo) {
  os::Fd file = create(intd);
  struct stat status {};
  if (file || errno != EEXIST || ::lstat(todo.c_str(), &status) == 0 || errno != ENOENT) return file;
  ::unlink(intd.c_str());
  return create(intd);
}

}  // namespace

TodoMessage::TodoMessage(unsigned split, bool big_todo) : split_(split), big_todo_(big_todo) {
  const std::string made = create_in_pid(file_);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) {
    ::unlink(made.c_str());
    throw Stop{Exit::kMessageFacts};
  }
  number_ = status.st_ino;
  const std::string mess = place("mess", true);
  const bool linked = ::link(made.c_str(), mess.c_str()) == 0;
  const bool removed = ::unlink(made.c_str()) == 0;
  if (!linked) throw Stop{Exit::kLinkMessage};
  if (!removed) {
    ::unlink(mess.c_str());
    throw Stop{Exit::kRemoveTemporary};
  }
  mess_ = mess;
}

TodoMessage::~TodoMessage() {
  if (mess_.empty()) return;
  // The envelope first: its number must be free before the message's inode can be used again.
  if (!intd_.empty()) ::unlink(intd_.c_str());
  [[maybe_unused]] const int cut = ::ftruncate(file_.get(), 0);
  ::unlink(mess_.c_str());
}

void TodoMessage::write(Octets octets) { write_all(file_.get(), octets); }

void TodoMessage::accept(Octets todo_file) {
  const std::string intd = place("intd", big_todo_), todo = place("todo", big_todo_);
  const os::Fd envelope = create_envelope(intd, todo);
  if (!envelope) throw Stop{Exit::kMakeEnvelope};
  intd_ = intd;
  write_all(envelope.get(), todo_file);
  sync_file(file_.get());
  sync_file(envelope.get());
  sync_directory_of(mess_);
  if (::link(intd.c_str(), todo.c_str()) != 0) throw Stop{Exit::kLinkEnvelope};
  // From here on it may be taken at any moment, and is not ours to take back: if the sync fails, the caller tries again
  // and may cause a duplicate.
  mess_.clear();
  sync_directory_of(todo);
}

std::string TodoMessage::place(const char* directory, bool split) const {
  std::string path = std::string(directory) + '/';
  if (split) path += std::to_string(number_ % split_) + '/';
  return path + std::to_string(number_);
}

link::TodoMessage TodoMessage::notice() const {
  const auto part = static_cast<std::int32_t>(big_todo_ ? number_ % split_ : split_);
  return {.pid = static_cast<std::int32_t>(::getpid()), .split = part, .inode = number_};
}

bool knock(const std::string& ipc_prefix, const std::string& queue_directory, const link::TodoMessage& message) {
  const std::string name = queue_directory.substr(queue_directory.find_last_of('/') + 1);
  auto queue = ipc::MessageQueue::open(link::ipc_name(ipc_prefix, name), ipc::MessageQueue::Use::kWrite);
  const auto octets = message.encode();
  return queue && queue->send(Octets(octets.data(), octets.size()), link::TodoMessage::kPriority);
}

void pull_trigger() {
  const os::Fd trigger(::open("lock/trigger", O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!trigger || ::fstat(trigger.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) return;
  [[maybe_unused]] const ssize_t told = ::write(trigger.get(), "", 1);
}

}  // namespace sluice::qmail_queue
