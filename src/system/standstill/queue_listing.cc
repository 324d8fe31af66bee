#include "system/standstill/queue_listing.h"

#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "system/layout/owners.h"
#include "system/net/socket.h"
#include "system/os/clock.h"
#include "system/os/failure.h"
#include "system/os/process.h"
#include "system/os/users.h"

namespace sluice::standstill {

namespace {

using Reader = std::optional<os::Identity>;

nlohmann::json query_of(const ListingOrders& orders) {
  return {{"what", "queue"},
          {"selector", select::to_json(orders.selector)},
          {"order", select::name_of(orders.order)},
          {"most", orders.most}};
}

bool nobody_listens(const std::string& control) {
  const auto connected = net::connect_path(control);
  return !connected && (connected.error().code == ENOENT || connected.error().code == ECONNREFUSED);
}

// Whom root becomes to read this queue: the user of its qmail-send, who without a partition of users owns it all.
Result<Reader, std::string> reader_of(const std::string& directory) {
  if (::geteuid() != 0) return Reader{};
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return fail(os::with_errno(directory));
  const auto owners = layout::Owners::find();
  if (owners && status.st_uid == owners->uid(queue::User::kQueue))
    return owners->identity(queue::User::kScheduler, queue::Group::kQmail);
  const auto owner = status.st_uid == 0 ? std::nullopt : os::find_user(status.st_uid);
  if (!owner) return fail(directory + " belongs to no user of a queue");
  return Reader(os::Identity{owner->uid, owner->gid});
}

// Sends answers in pieces that are worth a call.
class Sender {
 public:
  explicit Sender(int socket) : socket_(socket) {}

  template <class Message>
  bool add(const Message& message) {
    constexpr std::size_t kPiece = 64u << 10;
    link::append_message(out_, message);
    return out_.size() < kPiece || send();
  }
  bool send() {
    Octets rest = out_;
    while (!rest.empty()) {
      const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    out_.clear();
    return true;
  }

 private:
  const int socket_;
  std::string out_;
};

void answer(int socket, const ListingOrders& orders) {
  Sender sender(socket);
  const auto take = [&](const std::string& json) { return sender.add(link::Answer{json}); };
  const auto listed = list_stopped(orders, store::posix_disk(), os::wall_now(), take);
  if (sender.add(link::AnswerEnd{listed ? "" : "its daemons do not run, and " + listed.error().what})) sender.send();
}

// The life of the child, which keeps nothing of its parent but the socket.
[[noreturn]] void live(int socket, const Reader& reader, pid_t parent, const ListingOrders& orders) {
  const auto number = static_cast<unsigned>(socket);
  if (number > 0) ::close_range(0, number - 1, 0);
  ::close_range(number + 1, ~0u, 0);
  if (reader && !os::become(*reader)) ::_exit(1);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  try {
    answer(socket, orders);
  } catch (...) {  // no memory; the parent sees the end
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

QueueListing::QueueListing(QueueListing&& other) noexcept
    : asking_(std::move(other.asking_)), reader_(std::exchange(other.reader_, 0)) {}

QueueListing::~QueueListing() {
  if (reader_ == 0) return;
  ::kill(reader_, SIGKILL);  // it may be far from the end, and changes nothing
  os::wait_for(reader_);
}

Result<QueueListing, std::string> QueueListing::begin(const observe::Queue& queue, ListingOrders orders) {
  auto asking = ipc::Asking::begin(queue.control, query_of(orders));
  if (asking) return QueueListing(std::move(*asking), 0);
  if (!nobody_listens(queue.control)) return fail(asking.error());
  orders.directory = queue.directory;
  orders.name = queue.name;
  auto listing = read(std::move(orders));
  if (!listing) return fail("its daemons do not run, and " + listing.error());
  return listing;
}

Result<QueueListing, std::string> QueueListing::read(ListingOrders orders) {
  const auto reader = reader_of(orders.directory);
  if (!reader) return fail(reader.error());
  auto pair = net::socket_pair();
  if (!pair) return fail(pair.error().what);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail(os::with_errno("cannot make a process that reads it"));
  if (child == 0) live(pair->second.get(), *reader, parent, orders);
  return QueueListing(ipc::Asking::of(std::move(pair->first), "what reads " + orders.directory), child);
}

}  // namespace sluice::standstill
