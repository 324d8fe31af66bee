#include "system/store/window_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace sluice::store {

namespace {

constexpr std::size_t kReadAhead = 256u << 10;
constexpr std::size_t kBlock = 4096;  // what is given up when it cannot be read

}  // namespace

Result<Octets, int> WindowSource::view(std::uint64_t position, std::size_t length) {
  if (position > size_ || length > size_ - position) return fail(EINVAL);
  const bool inside = position >= window_start_ && position - window_start_ <= window_.size() &&
                      length <= window_.size() - (position - window_start_);
  if (!inside) fill(position, length);
  return Octets(window_).substr(position - window_start_, length);
}

void WindowSource::fill(std::uint64_t position, std::size_t length) {
  const std::size_t wanted = std::min<std::uint64_t>(std::max(length, kReadAhead), size_ - position);
  window_.resize(wanted);
  window_start_ = position;
  const auto got = file_.read_at(position, window_.data(), wanted);
  if (got && *got == wanted) return;
  for (std::size_t at = 0; at < wanted; at += kBlock) {
    fill_block(position + at, window_.data() + at, std::min(kBlock, wanted - at));
  }
}

void WindowSource::fill_block(std::uint64_t position, char* to, std::size_t length) {
  const auto got = file_.read_at(position, to, length);
  const std::size_t have = got.value_or(0);
  if (have == length) return;
  std::memset(to + have, 0, length - have);
  if (error_ == 0) error_ = got ? EIO : got.error();
}

}  // namespace sluice::store
