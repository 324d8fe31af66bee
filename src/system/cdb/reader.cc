#include "system/cdb/reader.h"

#include <cdb.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "system/os/failure.h"
#include "system/os/fd.h"

namespace sluice::cdb {

namespace {

constexpr off_t kLargest = 0xffffffff;  // positions in a cdb have 32 bits

// Tells one file from another that took its name, also when the inode number is used again.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t seconds = 0, nanoseconds = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};
Stamp stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

struct Reader::Map {
  explicit Map(os::Fd opened) : file(std::move(opened)) {}
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;
  ~Map() {
    if (mapped) ::cdb_free(&database);
  }
  os::Fd file;
  struct ::cdb database {};
  bool mapped = false;
  Stamp stamp;
};

Reader::Reader() = default;
Reader::Reader(std::unique_ptr<Map> map) : map_(std::move(map)) {}
Reader::Reader(Reader&& other) noexcept = default;
Reader& Reader::operator=(Reader&& other) noexcept = default;
Reader::~Reader() = default;

Result<std::optional<Reader>, std::string> Reader::open(const std::string& path) {
  os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file && errno == ENOENT) return std::nullopt;
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return fail(os::with_errno("cannot open " + path));
  if (!S_ISREG(status.st_mode) || status.st_size > kLargest) return fail(path + " is not a constant database");
  auto map = std::make_unique<Map>(std::move(file));
  if (::cdb_init(&map->database, map->file.get()) != 0) return fail(path + " is not a constant database");
  map->mapped = true;
  map->stamp = stamp_of(status);
  return Reader(std::move(map));
}

Result<std::optional<Octets>, std::string> Reader::find(Octets key) const {
  if (!map_) return std::nullopt;
  struct ::cdb& database = map_->database;
  if (key.size() > 0xffffffffu) return std::nullopt;
  const int found = ::cdb_find(&database, key.data() != nullptr ? key.data() : "", static_cast<unsigned>(key.size()));
  if (found == 0) return std::nullopt;
  const auto damaged = [] { return fail(std::string("the database is damaged")); };
  if (found < 0) return damaged();
  const unsigned length = cdb_datalen(&database);
  if (length == 0) return Octets();
  const void* value = ::cdb_get(&database, length, cdb_datapos(&database));
  if (value == nullptr) return damaged();
  return Octets(static_cast<const char*>(value), length);
}

bool Reader::outdated(const std::string& path) const {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return map_ != nullptr;
  return !map_ || stamp_of(status) != map_->stamp;
}

}  // namespace sluice::cdb
