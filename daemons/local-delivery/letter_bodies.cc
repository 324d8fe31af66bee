#include "letter_bodies.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "core/link/messages.h"
#include "system/store/layout.h"

namespace sluice::local_delivery {

Result<void, std::string> LetterBodies::read(const queue::BodyRef& body, std::string& to) {
  if (body.length > link::kLargeBody) return fail(std::string("a body in the journal is too large"));
  to.resize(body.length);
  const auto count = journal_->read(body, 0, to.data(), to.size());
  if (!count) return fail(count.error().what);
  if (*count != to.size()) return fail(std::string("a body in the journal is cut short"));
  return {};
}

Result<os::Fd, std::string> LetterBodies::open(const queue::BodyRef& body) const {
  const std::string path = store::body_path(queue_directory_, body.segment, split_);
  os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return fail(fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  return file;
}

}  // namespace sluice::local_delivery
