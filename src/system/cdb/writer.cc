#include "system/cdb/writer.h"

#include <cdb.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "system/os/failure.h"
#include "system/os/fd.h"

namespace sluice::cdb {

namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

struct Writer::State {
  State(std::string final_path, std::string draft_path, os::Fd opened)
      : path(std::move(final_path)), draft(std::move(draft_path)), file(std::move(opened)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (!finished) {  // the only way to free its memory; what it writes goes away
      (void)::cdb_make_finish(&make);
    }
    if (!committed) ::unlink(draft.c_str());
  }
  auto trouble() const { return fail(os::with_errno("cannot write " + draft)); }

  std::string path, draft;
  os::Fd file;
  struct ::cdb_make make {};
  bool finished = true;
  bool committed = false;
};

Writer::Writer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer::~Writer() = default;

Result<Writer, std::string> Writer::create(const std::string& path, mode_t mode) {
  std::string draft = fmt::format("{}.tmp.{}", path, ::getpid());
  // Left by a process of this number that was killed. Nobody else writes in this directory.
  ::unlink(draft.c_str());
  os::Fd file(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return fail(os::with_errno("cannot create " + draft));
  auto state = std::make_unique<State>(path, std::move(draft), std::move(file));
  if (::fchmod(state->file.get(), mode) != 0) return state->trouble();
  if (::cdb_make_start(&state->make, state->file.get()) != 0) return state->trouble();
  state->finished = false;
  return Writer(std::move(state));
}

Result<void, std::string> Writer::add(Octets key, Octets value) {
  constexpr std::size_t kMost = 0x7fffffff;
  if (key.size() > kMost || value.size() > kMost) return fail(std::string("a record is too large for a database"));
  const auto pointer = [](Octets octets) { return octets.data() != nullptr ? octets.data() : ""; };
  if (::cdb_make_add(&state_->make, pointer(key), static_cast<unsigned>(key.size()), pointer(value),
                     static_cast<unsigned>(value.size())) != 0)
    return state_->trouble();
  return {};
}

Result<void, std::string> Writer::commit() {
  State& state = *state_;
  state.finished = true;
  if (::cdb_make_finish(&state.make) != 0 || ::fsync(state.file.get()) != 0) return state.trouble();
  // NFS reports a full disk here at the latest.
  if (::close(state.file.release()) != 0 && errno != EINTR) return state.trouble();
  const os::Fd directory(::open(directory_of(state.path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return fail(os::with_errno("cannot open the directory of " + state.path));
  if (std::rename(state.draft.c_str(), state.path.c_str()) != 0)
    return fail(os::with_errno("cannot rename " + state.draft));
  state.committed = true;
  if (::fsync(directory.get()) != 0) return fail(os::with_errno("cannot sync the directory of " + state.path));
  return {};
}

}  // namespace sluice::cdb
