#include "system/maildir/maildir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "core/mail/line_form.h"
#include "core/mail/trace.h"
#include "system/mailbox/trouble.h"
#include "system/maildir/unique_name.h"

namespace sluice::maildir {

namespace {

constexpr std::size_t kWriteSize = 64u << 10;  // octets gathered before a write: most messages need one
constexpr int kNameTries = 5;
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

auto failed(std::string_view step) { return fail(mailbox::system_trouble(step, errno)); }

Trouble no_name() { return mailbox::trouble(Reason::kNames, "Unable to find an unused name in maildir."); }

bool synced(int descriptor) {
  int result;
  do result = ::fsync(descriptor);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

// Makes the entry in `directory` of what is named last in `path` durable.
bool sync_parent(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const os::Fd directory(::open(parent.c_str(), kDirectoryFlags));
  return directory && synced(directory.get());
}

Result<void, Trouble> create_subdirectories(int maildir) {
  bool made = false;
  for (const char* name : {"tmp", "new", "cur"}) {
    if (::mkdirat(maildir, name, 0700) == 0)
      made = true;
    else if (errno != EEXIST)
      return failed("create maildir");
  }
  if (made && !synced(maildir)) return failed("create maildir");
  return {};
}

// Gathers octets and writes them in large pieces.
class FileWriter {
 public:
  explicit FileWriter(int file) : file_(file) {}

  std::string& gathered() { return gathered_; }  // append here
  bool flush_if_large() { return gathered_.size() < kWriteSize || flush(); }
  bool flush() {
    for (Octets rest = gathered_; !rest.empty();) {
      const ssize_t count = ::write(file_, rest.data(), rest.size());
      if (count < 0 && errno == EINTR) continue;
      if (count == 0) errno = EIO;  // cannot be, for a regular file; never loop on it
      if (count <= 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(count));
    }
    size_ += gathered_.size();
    gathered_.clear();
    return true;
  }
  std::uint64_t size() const { return size_; }

 private:
  int file_;
  std::string gathered_;
  std::uint64_t size_ = 0;
};

Result<void, Trouble> copy_body(FileWriter& writer, const Letter& letter, const Source& source) {
  mail::CrlfToLf to_lf;
  mail::DeliveredToWatch watch(letter.delivered_to);
  for (;;) {
    const auto piece = source();
    if (!piece) return fail(mailbox::source_trouble(piece.error()));
    if (piece->empty()) break;
    if (!letter.delivered_to.empty() && !watch.finished()) watch.read(*piece);
    if (watch.seen()) return fail(mailbox::loop_trouble());
    if (letter.line_form == mail::LineForm::kCrlf)
      to_lf.append(writer.gathered(), *piece);
    else
      writer.gathered().append(*piece);
    if (!writer.flush_if_large()) return failed("write to maildir");
  }
  to_lf.finish(writer.gathered());
  if (!writer.flush()) return failed("write to maildir");
  return {};
}

// Moves a file from tmp/ to new/ without ever replacing one.
bool move_to_new(int from, const std::string& old_name, int to, const std::string& name) {
  if (::renameat2(from, old_name.c_str(), to, name.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;  // these: not on this file system (NFS and others)
  if (::linkat(from, old_name.c_str(), to, name.c_str(), 0) != 0) return false;
  ::unlinkat(from, old_name.c_str(), 0);
  return true;
}

}  // namespace

Maildir::Draft::Draft(Draft&& other) noexcept
    : directory_(other.directory_),
      file_(std::move(other.file_)),
      name_(std::exchange(other.name_, {})),
      size_(other.size_) {}

Maildir::Draft::~Draft() {
  if (!name_.empty()) ::unlinkat(directory_, name_.c_str(), 0);
}

Result<Maildir, Trouble> Maildir::open(const std::string& path, Missing missing) {
  const bool create = missing == Missing::kCreate;
  if (create && ::mkdir(path.c_str(), 0700) == 0 && !sync_parent(path)) return failed("create maildir");
  const os::Fd maildir(::open(path.c_str(), kDirectoryFlags));
  if (!maildir) return failed("chdir to maildir");
  if (create)
    if (auto made = create_subdirectories(maildir.get()); !made) return fail(std::move(made.error()));
  os::Fd tmp_directory(::openat(maildir.get(), "tmp", kDirectoryFlags | O_NOFOLLOW));
  if (!tmp_directory) return failed("chdir to maildir tmp");
  os::Fd new_directory(::openat(maildir.get(), "new", kDirectoryFlags | O_NOFOLLOW));
  if (!new_directory) return failed("chdir to maildir new");
  return Maildir(std::move(tmp_directory), std::move(new_directory));
}

Result<Maildir::NewFile, Trouble> Maildir::create(const Naming& naming) {
  using namespace std::chrono;
  for (int attempt = 0; attempt < kNameTries; ++attempt) {
    const auto now = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count() + attempt;
    std::string name = unique_name({now / 1'000'000, now % 1'000'000, ::getpid(), naming.sequence, naming.host});
    os::Fd file(::openat(tmp_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file) return NewFile{std::move(file), std::move(name)};
    if (errno != EEXIST) return failed("write to maildir");
  }
  return fail(no_name());
}

Result<Maildir::Draft, Trouble> Maildir::write(const Letter& letter, const Naming& naming, const Source& source) {
  auto created = create(naming);
  if (!created) return fail(std::move(created.error()));
  Draft draft(tmp_.get(), std::move(created->file), std::move(created->name));  // from here on an error removes it
  FileWriter writer(draft.file_.get());
  writer.gathered() = letter.header;
  if (auto copied = copy_body(writer, letter, source); !copied) return fail(std::move(copied.error()));
  draft.size_ = writer.size();
  return draft;
}

void Maildir::begin_sync(const Draft& draft) {
  ::sync_file_range(draft.file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);  // only a hint: finish_sync() tells of errors
}

Result<void, Trouble> Maildir::finish_sync(Draft& draft) {
  if (!synced(draft.file_.get())) return failed("write to maildir");
  // NFS reports a full disk or quota here at the latest.
  if (::close(draft.file_.release()) != 0 && errno != EINTR) return failed("write to maildir");
  return {};
}

Result<std::string, Trouble> Maildir::publish(Draft draft) {
  std::string name = fmt::format("{},S={}", draft.name_, draft.size_);
  if (!move_to_new(tmp_.get(), draft.name_, new_.get(), name))
    return errno == EEXIST ? fail(no_name()) : failed("move the message to maildir new");
  draft.name_.clear();
  return name;
}

Result<void, Trouble> Maildir::sync() {
  if (!synced(new_.get())) return failed("sync maildir");
  return {};
}

void Maildir::retract(const std::string& name) { ::unlinkat(new_.get(), name.c_str(), 0); }

Result<std::string, Trouble> deliver(const std::string& path, Missing missing, const Letter& letter,
                                     const Naming& naming, const Source& source) {
  auto maildir = Maildir::open(path, missing);
  if (!maildir) return fail(std::move(maildir.error()));
  auto draft = maildir->write(letter, naming, source);
  if (!draft) return fail(std::move(draft.error()));
  if (auto durable = Maildir::finish_sync(*draft); !durable) return fail(std::move(durable.error()));
  auto name = maildir->publish(*std::move(draft));
  if (!name) return name;
  if (auto synced_all = maildir->sync(); !synced_all) {
    maildir->retract(*name);  // it will be delivered again
    return fail(std::move(synced_all.error()));
  }
  return name;
}

}  // namespace sluice::maildir
