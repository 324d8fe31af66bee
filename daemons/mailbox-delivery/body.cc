#include "body.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "core/mail/header.h"
#include "core/mail/line_form.h"
#include "core/mail/trace.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr std::size_t kPiece = 64 << 10;
constexpr std::size_t kLongestHeader = 1 << 20;  // what stands behind it is not looked at for loops

std::string reason() { return std::strerror(errno); }

bool write_all(int file, Octets octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(file, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// In memory, which no other process can reach by a path; else, where that is not to be had, an unlinked file.
os::Fd nameless_file() {
  os::Fd file(::memfd_create("message", MFD_CLOEXEC));
  if (!file) file.reset(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  return file;
}

}  // namespace

mailbox::Source Body::read() const {
  if (!file_) {
    return [this, given = false]() mutable -> Result<Octets, std::string> {
      if (std::exchange(given, true)) return Octets{};
      return text_;
    };
  }
  return [this, piece = std::make_shared<std::string>(kPiece, '\0'),
          at = off_t{0}]() mutable -> Result<Octets, std::string> {
    ssize_t count;
    while ((count = ::pread(file_.get(), piece->data(), piece->size(), at)) < 0 && errno == EINTR) continue;
    if (count < 0) return fail(reason());
    at += count;
    return Octets(*piece).substr(0, static_cast<std::size_t>(count));
  };
}

Result<os::Fd, std::string> as_file(Octets head, const Body& body) {
  os::Fd file = nameless_file();
  if (!file) return fail("cannot make a temporary file: " + reason());
  std::string text(head);
  mail::CrlfToLf to_lf;
  for (const auto source = body.read();;) {
    const auto piece = source();
    if (!piece) return fail("cannot read the message: " + piece.error());
    if (piece->empty()) break;
    if (body.line_form() == mail::LineForm::kCrlf)
      to_lf.append(text, *piece);
    else
      text.append(*piece);
    if (!write_all(file.get(), text)) return fail("cannot write a temporary file: " + reason());
    text.clear();
  }
  to_lf.finish(text);
  if (!write_all(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0)
    return fail("cannot write a temporary file: " + reason());
  return file;
}

Result<Hops, std::string> hops_of(const Body& body, const std::string& recipient) {
  const auto source = body.read();
  auto piece = source();
  if (!piece) return fail(std::move(piece.error()));
  // Nearly always the header ends in the first piece, and nothing needs to be copied.
  std::string gathered;
  Octets header = *piece;
  while (!piece->empty() && mail::header_length(header) == header.size() && header.size() < kLongestHeader) {
    if (gathered.empty()) gathered = header;
    piece = source();
    if (!piece) return fail(std::move(piece.error()));
    gathered.append(*piece);
    header = gathered;
  }
  header = header.substr(0, mail::header_length(header));
  mail::DeliveredToWatch watch(recipient);
  watch.read(header);
  return Hops{mail::count_hops(header), watch.seen()};
}

}  // namespace sluice::mailbox_delivery
