#include "trigger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "system/os/fd.h"

namespace sluice::todo {

Result<std::unique_ptr<Trigger>, std::string> Trigger::open(net::Loop& loop, const std::string& queue_directory,
                                                            std::function<void()> pulled) {
  const std::string path = queue_directory + "/lock/trigger";
  // For writing too: a fifo whose last writer has gone would be readable without end.
  os::Fd fifo(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!fifo || ::fstat(fifo.get(), &status) != 0) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  if (!S_ISFIFO(status.st_mode)) return fail(path + " is no fifo");
  auto trigger = std::unique_ptr<Trigger>(new Trigger(loop, fifo.release(), std::move(pulled)));
  trigger->wait();
  return trigger;
}

void Trigger::wait() {
  fifo_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this, alive = alive_](const boost::system::error_code& error) {
                     if (!*alive || error) return;
                     char octets[4096];
                     while (::read(fifo_.native_handle(), octets, sizeof octets) > 0) continue;
                     pulled_();
                     wait();
                   });
}

}  // namespace sluice::todo
