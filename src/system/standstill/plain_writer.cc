#include "system/standstill/plain_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/codec.h"
#include "core/mail/line_form.h"
#include "core/queue/checksum.h"
#include "system/store/preprocessed_files.h"
#include "system/store/todo_files.h"

namespace sluice::standstill {

using store::Trouble;
using store::trouble;

namespace {

constexpr std::size_t kPiece = 256u << 10;
constexpr unsigned kOthersMayRead = 0644, kPrivate = 0600;  // as the original's umask makes them

bool write_all(int fd, Octets octets) {
  while (!octets.empty()) {
    const ssize_t put = ::write(fd, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Checksum of a body, piece by piece.
std::uint64_t continued(std::uint64_t sum, Octets piece) {
  std::string facts;
  append_le(facts, sum);
  const Octets pieces[] = {facts, piece};
  return queue::checksum(pieces);
}

std::uint64_t checksum_of(const queue::Preprocessed& message) {
  std::string octets;
  Encoder to(octets);
  to.i64(to_millis(message.birth)).i64(to_millis(message.local.due)).i64(to_millis(message.remote.due));
  octets += queue::encode_info_file(message.info);
  octets += queue::encode_recipient_file(message.local.recipients) + '\1';
  octets += queue::encode_recipient_file(message.remote.recipients) + '\1';
  octets += queue::encode_bounce_file(message.bounce);
  return continued(0, octets);
}

std::uint64_t checksum_of(const queue::TodoFile& message, WallTime arrival) {
  std::string octets = queue::encode_todo_file(message);
  append_le(octets, to_millis(arrival));
  return continued(0, octets);
}

timespec timespec_of(WallTime when) {
  const std::int64_t millis = to_millis(when);
  const std::int64_t seconds = millis >= 0 ? millis / 1000 : (millis - 999) / 1000;
  return {seconds, (millis - seconds * 1000) * 1'000'000};
}

}  // namespace

Result<PlainWriter::Written, Trouble> PlainWriter::write_body(store::BodyReader& bodies, const queue::BodyRef& body,
                                                              bool crlf, WallTime arrival) {
  const std::string made = directory_ + "/pid/export";
  const os::Fd file(::open(made.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return fail(trouble("cannot create " + made, errno));
  Written written;
  written.number = status.st_ino;
  mail::CrlfToLf convert;
  std::string piece(kPiece, '\0'), converted;
  const auto take = [&](Octets octets) {
    written.body = octets.empty() ? written.body : continued(written.body, octets);
    return write_all(file.get(), octets);
  };
  // The pieces are those in which check() reads: full ones, and a last one.
  std::string pending;
  for (std::uint64_t at = 0; at < body.length;) {
    const auto read = bodies.read(body, at, piece.data(), piece.size());
    if (!read) return fail(read.error());
    if (*read == 0) return fail(Trouble{0, "a body is shorter than the queue says"});
    at += *read;
    const Octets octets = Octets(piece).substr(0, *read);
    if (crlf)
      convert.append(pending, octets);
    else
      pending.append(octets);
    if (at >= body.length && crlf) convert.finish(pending);
    while (pending.size() >= kPiece || (at >= body.length && !pending.empty())) {
      const std::size_t length = std::min(pending.size(), kPiece);
      if (!take(Octets(pending).substr(0, length))) return fail(trouble("cannot write " + made, errno));
      pending.erase(0, length);
    }
  }
  const timespec times[] = {timespec_of(arrival), timespec_of(arrival)};
  const std::string name = path_for(directory_, "mess", written.number, shape_);
  const bool owned = !owners_.partitioned() ||
                     ::fchown(file.get(), owners_.uid(queue::User::kQueue), owners_.gid(queue::Group::kQmail)) == 0;
  if (!owned || ::fchmod(file.get(), kOthersMayRead) != 0 || ::futimens(file.get(), times) != 0 ||
      ::rename(made.c_str(), name.c_str()) != 0)
    return fail(trouble("cannot make " + name, errno));
  return written;
}

Result<void, Trouble> PlainWriter::put(const std::string& path, Octets octets, unsigned mode, queue::User owner,
                                       WallTime when) const {
  const os::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate));
  const timespec times[] = {timespec_of(when), timespec_of(when)};
  const auto owned = [&] {
    return !owners_.partitioned() || ::fchown(file.get(), owners_.uid(owner), owners_.gid(queue::Group::kQmail)) == 0;
  };
  if (file && write_all(file.get(), octets) && owned() && ::fchmod(file.get(), mode) == 0 &&
      ::futimens(file.get(), times) == 0)
    return {};
  return fail(trouble("cannot write " + path, errno));
}

Result<void, Trouble> PlainWriter::write(store::BodyReader& bodies, const queue::BodyRef& body, bool crlf,
                                         const queue::Preprocessed& message) {
  auto written = write_body(bodies, body, crlf, message.birth);
  if (!written) return fail(std::move(written.error()));
  const auto place = [&](const char* kind) { return path_for(directory_, kind, written->number, shape_); };
  const auto put_own = [&](const char* kind, const std::string& octets, WallTime when) -> Result<void, Trouble> {
    if (octets.empty()) return {};
    return put(place(kind), octets, kPrivate, queue::User::kScheduler, when);
  };
  auto done = put_own("local", queue::encode_recipient_file(message.local.recipients), message.local.due);
  if (done) done = put_own("remote", queue::encode_recipient_file(message.remote.recipients), message.remote.due);
  if (done) done = put_own("bounce", queue::encode_bounce_file(message.bounce), message.birth);
  if (done) done = put_own("info", queue::encode_info_file(message.info), message.birth);
  if (!done) return done;
  written->files = checksum_of(message);
  written_.push_back(*written);
  return {};
}

Result<void, Trouble> PlainWriter::write(store::BodyReader& bodies, const queue::BodyRef& body, bool crlf,
                                         const queue::TodoFile& message, WallTime arrival) {
  auto written = write_body(bodies, body, crlf, arrival);
  if (!written) return fail(std::move(written.error()));
  const std::string intd = path_for(directory_, "intd", written->number, shape_);
  const std::string todo = path_for(directory_, "todo", written->number, shape_);
  if (auto done = put(intd, queue::encode_todo_file(message), kOthersMayRead, queue::User::kQueue, arrival); !done)
    return done;
  if (::link(intd.c_str(), todo.c_str()) != 0) return fail(trouble("cannot make " + todo, errno));
  written->files = checksum_of(message, arrival);
  written->todo = true;
  written_.push_back(*written);
  return {};
}

Result<void, Trouble> PlainWriter::check(const Written& written) const {
  const std::string path = path_for(directory_, "mess", written.number, shape_);
  const auto differs = [&](const char* what) {
    return fail(Trouble{0, fmt::format("{} of message {} is not what was written", what, written.number)});
  };
  const auto file = store::posix_disk().open(path, store::Disk::Open::kRead, 0);
  if (!file) return fail(trouble("cannot read " + path, file.error()));
  std::uint64_t sum = 0, at = 0;
  for (std::string piece(kPiece, '\0');;) {
    const auto read = (*file)->read_at(at, piece.data(), piece.size());
    if (!read) return fail(trouble("cannot read " + path, read.error()));
    if (*read == 0) break;
    sum = continued(sum, Octets(piece).substr(0, *read));
    at += *read;
  }
  if (sum != written.body) return differs("the body");
  if (written.todo) {
    store::TodoPlace place{written.number, std::nullopt};
    if (shape_.big_todo) place.part = static_cast<std::uint32_t>(written.number % shape_.split);
    const auto read = store::read_todo(store::posix_disk(), directory_, place);
    if (!read) return fail(Trouble{0, read.error().what});
    if (checksum_of(read->content, read->written) != written.files) return differs("the todo file");
    return {};
  }
  const auto read = store::read_preprocessed(
      store::posix_disk(), directory_, {written.number, static_cast<std::uint32_t>(written.number % shape_.split)});
  if (!read) return fail(read.error());
  if (checksum_of(*read) != written.files) return differs("an info, local, remote or bounce file");
  return {};
}

Result<void, Trouble> PlainWriter::verify() {
  if (const auto synced = store::posix_disk().sync_file_system(directory_); !synced)
    return fail(trouble("cannot sync " + directory_, synced.error()));
  for (const Written& written : written_)
    if (auto checked = check(written); !checked) return checked;
  const MailFiles found = find_mail_files(store::posix_disk(), directory_);
  if (!found.complete || found.bodies.size() != written_.size())
    return fail(Trouble{
        0, fmt::format("{} holds {} messages instead of {}", directory_, found.bodies.size(), written_.size())});
  return {};
}

}  // namespace sluice::standstill
