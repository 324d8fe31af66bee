#include "activity.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "base/bytes.h"

namespace sluice::scheduler {

void Activity::flush() {
  asked_ = false;
  Octets rest = buffer_;
  while (!rest.empty()) {
    const ssize_t n = ::write(descriptor_, rest.data(), rest.size());
    if (n > 0) {
      rest.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {  // somebody else made our standard output non-blocking
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (n < 0 && errno != EINTR) {
      break;  // the reader is gone; mail goes on without a log
    }
  }
  buffer_.clear();
}

}  // namespace sluice::scheduler
