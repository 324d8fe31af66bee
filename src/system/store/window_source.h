// A file as the scanners of core/queue want it: octets through a window that is read ahead. A block that the disk
// cannot give (EIO) is shown as zeros, so that only the record in it fails its checksum and the others are kept;
// error() tells that this happened, for then nothing may be judged to be a torn tail.
#pragma once

#include <string>

#include "core/queue/octet_source.h"
#include "system/store/disk.h"

namespace sluice::store {

class WindowSource final : public queue::OctetSource {
 public:
  // The file must outlive the source. Octets from `size` on are not looked at.
  WindowSource(File& file, std::uint64_t size) : file_(file), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Result<Octets, int> view(std::uint64_t position, std::size_t length) override;
  int error() const { return error_; }  // errno of the first octets that could not be read, 0: none

 private:
  void fill(std::uint64_t position, std::size_t length);
  void fill_block(std::uint64_t position, char* to, std::size_t length);

  File& file_;
  std::uint64_t size_;
  std::string window_;
  std::uint64_t window_start_ = 0;
  int error_ = 0;
};

}  // namespace sluice::store
