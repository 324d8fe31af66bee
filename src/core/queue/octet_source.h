// Where a scanner takes its octets from: memory in tests, a file read through a window in the store.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::queue {

class OctetSource {
 public:
  virtual ~OctetSource() = default;
  virtual std::uint64_t size() const = 0;
  // Exactly `length` octets at `position` (position + length <= size()), valid until the next call.
  // The error is an errno: the octets cannot be read now.
  virtual Result<Octets, int> view(std::uint64_t position, std::size_t length) = 0;
};

class BufferSource final : public OctetSource {  // octets in memory
 public:
  explicit BufferSource(Octets octets) : octets_(octets) {}
  std::uint64_t size() const override { return octets_.size(); }
  Result<Octets, int> view(std::uint64_t position, std::size_t length) override {
    return octets_.substr(position, length);
  }

 private:
  Octets octets_;
};

}  // namespace sluice::queue
