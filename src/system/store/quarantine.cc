#include "system/store/quarantine.h"

#include <algorithm>
#include <cerrno>

#include "system/store/layout.h"

namespace sluice::store {

namespace {

constexpr std::size_t kPiece = 256u << 10;

Result<void, int> copy_out(File& to, queue::OctetSource& source, std::uint64_t position, std::uint64_t length) {
  for (std::uint64_t done = 0; done < length;) {
    const std::size_t piece = std::min<std::uint64_t>(kPiece, length - done);
    const auto octets = source.view(position + done, piece);
    if (!octets) return fail(int{octets.error()});
    iovec vector{const_cast<char*>(octets->data()), octets->size()};
    if (auto written = to.write_at(done, {&vector, 1}); !written) return written;
    done += piece;
  }
  return to.sync();
}

}  // namespace

Result<void, Trouble> set_aside(Disk& disk, const std::string& directory, const std::string& name,
                                queue::OctetSource& source, std::uint64_t position, std::uint64_t length) {
  const std::string quarantine = directory + "/quarantine";
  const std::string path = quarantine + '/' + name;
  if (const auto made = disk.make_directory(quarantine, 0750); !made) {
    return fail(trouble("cannot make " + quarantine, made.error()));
  }
  auto file = disk.open(path, Disk::Open::kCreate, kStateMode);
  if (!file && file.error() == EEXIST) return {};
  if (!file) return fail(trouble("cannot create " + path, file.error()));
  auto copied = copy_out(**file, source, position, length);
  if (copied) copied = disk.sync_directory(quarantine);
  if (copied) return {};
  static_cast<void>(disk.remove(path));  // half a copy would be taken for a whole one
  return fail(trouble("cannot write " + path, copied.error()));
}

}  // namespace sluice::store
