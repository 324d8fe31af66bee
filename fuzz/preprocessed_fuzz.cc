// The files of a preprocessed message from a hostile writer. What is taken must survive being written and read again.
#include <cstdlib>

#include "core/queue/preprocessed.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets octets(reinterpret_cast<const char*>(data), size);
  if (const auto info = queue::decode_info_file(octets)) {
    if (queue::decode_info_file(queue::encode_info_file(*info)).value() != *info) std::abort();
  }
  if (const auto recipients = queue::decode_recipient_file(octets)) {
    if (queue::encode_recipient_file(*recipients).size() != size) std::abort();
    if (queue::decode_recipient_file(queue::encode_recipient_file(*recipients)).value() != *recipients) std::abort();
  }
  const auto bounce = queue::decode_bounce_file(octets);
  const auto again = queue::decode_bounce_file(queue::encode_bounce_file(bounce));
  if (again.size() < bounce.size()) std::abort();
  return 0;
}
