#include "body_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "system/os/failure.h"

namespace sluice::remote {

Result<BodyFile, std::string> BodyFile::make(const std::string& directory) {
  std::string path = directory + "/qmail-rspawn-XXXXXX";
  os::Fd writing(::mkostemp(path.data(), O_CLOEXEC));
  if (!writing) return fail(os::with_errno("cannot make a file in " + directory));
  os::Fd reading(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  const int code = errno;
  ::unlink(path.c_str());
  errno = code;
  if (!reading) return fail(os::with_errno("cannot open " + path));
  return BodyFile(std::move(writing), std::move(reading));
}

bool BodyFile::write(Octets octets) {
  while (!octets.empty()) {
    const ssize_t written = ::write(writing_.get(), octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(written));
    size_ += static_cast<std::uint64_t>(written);
  }
  return true;
}

Result<BodyFile::Filled, std::string> BodyFile::fill_more(store::BodyReader& bodies, const queue::BodyRef& body,
                                                          mail::LineForm form, std::string& piece) {
  const std::uint64_t stop = std::min(body.length, position_ + kPieces);
  while (position_ < stop) {
    const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), stop - position_));
    const auto read = bodies.read(body, position_, piece.data(), length);
    if (!read) return fail(std::string(read.error().what));
    if (*read == 0) return fail(std::string("the stored message is shorter than it was"));
    position_ += *read;
    Octets octets(piece.data(), *read);
    if (form == mail::LineForm::kCrlf) {
      converted_.clear();
      to_lf_.append(converted_, octets);
      if (position_ == body.length) to_lf_.finish(converted_);
      octets = converted_;
    }
    if (!write(octets)) return fail(os::with_errno("cannot copy the message"));
  }
  if (position_ < body.length) return Filled::kMore;
  writing_.reset();
  converted_ = {};
  return Filled::kAll;
}

Result<int, std::string> BodyFile::from_start() const {
  if (::lseek(reading_.get(), 0, SEEK_SET) != 0) return fail(os::with_errno("cannot read the message again"));
  return reading_.get();
}

}  // namespace sluice::remote
