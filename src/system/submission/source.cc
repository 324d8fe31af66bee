#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "system/submission/submission.h"

namespace sluice::submission {

Result<std::size_t, int> TextSource::read(char* to, std::size_t length) {
  const std::size_t count = text_.copy(to, length, at_);
  at_ += count;
  return count;
}

bool TextSource::rewind() {
  at_ = 0;
  return true;
}

HeadAndRest::HeadAndRest(std::string head, int rest)
    : head_(std::move(head)), rest_(rest), start_(::lseek(rest, 0, SEEK_CUR)) {}

Result<std::size_t, int> HeadAndRest::read(char* to, std::size_t length) {
  if (at_ < head_.size()) {
    const std::size_t count = head_.copy(to, length, at_);
    at_ += count;
    return count;
  }
  for (;;) {
    const ssize_t count = ::read(rest_, to, length);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return fail(errno);
  }
}

bool HeadAndRest::rewind() {
  at_ = 0;
  return start_ >= 0 && ::lseek(rest_, start_, SEEK_SET) == start_;
}

}  // namespace sluice::submission
