#include "system/ipc/shared_limits.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <boost/asio/generic/datagram_protocol.hpp>
#include <cerrno>
#include <thread>

#include "system/net/socket.h"
#include "system/os/clock.h"
#include "system/os/failure.h"

namespace sluice::ipc {

using schedule::kLimitColumns;
using schedule::LimitTable;

namespace {

constexpr unsigned kMaking = kLimitColumns;  // the octet that is locked while the table is made
constexpr int kPatience = 200;               // of ten milliseconds each, for who makes it
constexpr int kCallsATurn = 256;
// Attempts of a queue whose qmail-send ended are under way until its qmail-rspawn notices.
constexpr Duration kGrace{1000};

}  // namespace

struct InstanceLimits::Listener : std::enable_shared_from_this<Listener> {
  using Socket = boost::asio::generic::datagram_protocol::socket;
  Listener(net::Loop& loop, os::Fd fd, std::atomic<std::uint32_t>& missed_calls, std::function<void(Row)> callback)
      : socket(loop.context(), boost::asio::generic::datagram_protocol(AF_UNIX, 0), fd.release()),
        missed(missed_calls),
        freed(std::move(callback)) {}

  void wait() {
    socket.async_wait(Socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && self->freed) self->read();
    });
  }
  void read() {
    Row row = 0;
    for (int calls = 0; calls < kCallsATurn; ++calls) {
      const ssize_t got = ::recv(socket.native_handle(), &row, sizeof row, MSG_DONTWAIT | MSG_TRUNC);
      if (got < 0) break;
      if (got == sizeof row) freed(row);
    }
    if (missed.exchange(0) != 0) freed(schedule::SharedLimits::kNoRow);
    wait();
  }
  void close() {
    freed = nullptr;
    socket.close();
  }

  Socket socket;
  std::atomic<std::uint32_t>& missed;
  std::function<void(Row)> freed;
};

Result<std::unique_ptr<InstanceLimits>, std::string> InstanceLimits::open(
    const std::string& directory, unsigned queue, std::function<void(const std::string&)> tell) {
  std::unique_ptr<InstanceLimits> limits(new InstanceLimits(directory));
  limits->tell_ = std::move(tell);
  std::string error = limits->open_table(queue);
  if (error.empty()) error = limits->open_bell();
  if (!error.empty()) return fail(std::move(error));
  return limits;
}

InstanceLimits::~InstanceLimits() {
  if (listener_) listener_->close();
  limits_.reset();
  if (table_ != nullptr) ::munmap(table_, sizeof(LimitTable));
}

// The file --------------------------------------------------------------------------------------------------------

std::string InstanceLimits::open_table(unsigned queue) {
  const std::string path = directory_ + "/table";
  file_ = os::Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_) return os::with_errno("cannot open " + path);
  for (int tries = 0; !lock(kMaking); ++tries) {
    if (tries == kPatience) return path + " is locked by another process that does not go on";
    std::this_thread::sleep_for(Duration{10});
  }
  std::string error = make_table();
  if (error.empty()) error = claim(queue);  // before another may find the table unused
  unlock(kMaking);
  return error;
}

// The first queue of an instance makes the table; those that come while it is in use take what is there.
std::string InstanceLimits::make_table() {
  const std::string path = directory_ + "/table";
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) return path + " is no plain file";
  const bool in_use = is_locked_by_others(0, kLimitColumns);
  if (in_use && status.st_size != static_cast<off_t>(sizeof(LimitTable))) return path + " is in use by another version";
  std::uint64_t seed = 0;
  if (!in_use) {
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) return os::with_errno("cannot draw a random number");
    // The space is there from the start: a full disk is an error here, not a signal at some later write.
    if (::ftruncate(file_.get(), 0) != 0) return os::with_errno("cannot empty " + path);
    if (const int code = ::posix_fallocate(file_.get(), 0, sizeof(LimitTable)); code != 0) {
      errno = code;
      return os::with_errno("cannot make " + path);
    }
  }
  void* memory = ::mmap(nullptr, sizeof(LimitTable), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (memory == MAP_FAILED) return os::with_errno("cannot map " + path);
  table_ = static_cast<LimitTable*>(memory);
  if (!in_use) table_->make(seed);
  return table_->sound() ? std::string() : path + " is in use by another version";
}

std::string InstanceLimits::claim(unsigned queue) {
  unsigned tries = 0;
  while (tries < kLimitColumns && !lock((queue + tries) % kLimitColumns)) ++tries;
  if (tries == kLimitColumns) return fmt::format("more than {} queues run", kLimitColumns);
  column_ = (queue + tries) % kLimitColumns;
  const bool left = (table_->active.load() >> column_ & 1) != 0;
  limits_.emplace(*table_, column_, queue, static_cast<schedule::LimitPeers&>(*this));
  sender_ = os::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!sender_) return os::with_errno("cannot make a socket");
  if (left) tell_all();
  return {};
}

bool InstanceLimits::lock(unsigned octet) const {
  struct flock range {};
  range.l_type = F_WRLCK, range.l_whence = SEEK_SET, range.l_start = octet, range.l_len = 1;
  return ::fcntl(file_.get(), F_OFD_SETLK, &range) == 0;
}

void InstanceLimits::unlock(unsigned octet) const {
  struct flock range {};
  range.l_type = F_UNLCK, range.l_whence = SEEK_SET, range.l_start = octet, range.l_len = 1;
  ::fcntl(file_.get(), F_OFD_SETLK, &range);
}

bool InstanceLimits::is_locked_by_others(unsigned first, unsigned count) const {
  struct flock range {};
  range.l_type = F_WRLCK, range.l_whence = SEEK_SET, range.l_start = first, range.l_len = count;
  return ::fcntl(file_.get(), F_OFD_GETLK, &range) != 0 || range.l_type != F_UNLCK;
}

void InstanceLimits::bury() {
  const MonoTime now = os::mono_now();
  bool buried = false;
  for (unsigned column = 0; column < kLimitColumns; ++column) {
    const bool gone =
        column != column_ && (table_->active.load() >> column & 1) != 0 && !is_locked_by_others(column, 1);
    if (!gone) {
      gone_since_[column].reset();
    } else if (!gone_since_[column]) {
      gone_since_[column] = now;
    } else if (now - *gone_since_[column] >= kGrace && lock(column)) {
      table_->zero_column(column);
      unlock(column);
      buried = true;
    }
  }
  if (buried) tell_all();
}

void InstanceLimits::full() {
  if (std::exchange(told_, true)) return;
  tell_("the table of limits is full: lane.limit holds for each queue by itself where there is no room");
}

// Calls -----------------------------------------------------------------------------------------------------------

std::string InstanceLimits::bell_of(unsigned column) const { return fmt::format("{}/bell-{}", directory_, column); }

std::string InstanceLimits::open_bell() {
  const std::string path = bell_of(column_);
  const auto address = net::Endpoint::path(path);
  if (!address) return address.error().what;
  bell_ = os::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!bell_) return os::with_errno("cannot make a socket");
  ::unlink(path.c_str());  // an earlier owner's; ours is the column, and so is the name
  if (::bind(bell_.get(), address->data(), address->length()) != 0) return os::with_errno("cannot make " + path);
  return {};
}

void InstanceLimits::send(unsigned column, Row row) const {
  const auto address = net::Endpoint::path(bell_of(column));
  if (!address) return;
  const ssize_t sent =
      ::sendto(sender_.get(), &row, sizeof row, MSG_DONTWAIT | MSG_NOSIGNAL, address->data(), address->length());
  // Its socket is full, so it has calls to read, and then it looks here.
  if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS)) table_->rings_missed[column] = 1;
}

void InstanceLimits::tell_all() const {
  for (std::uint64_t columns = table_->active.load(); columns != 0; columns &= columns - 1)
    if (const auto column = static_cast<unsigned>(std::countr_zero(columns)); column != column_)
      send(column, schedule::SharedLimits::kNoRow);
}

void InstanceLimits::listen(net::Loop& loop, std::function<void(Row)> freed) {
  listener_ = std::make_shared<Listener>(loop, std::move(bell_), table_->rings_missed[column_], std::move(freed));
  listener_->wait();
}

}  // namespace sluice::ipc
