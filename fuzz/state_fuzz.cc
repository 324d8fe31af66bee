// A state file as a dying disk may give it: first the frames, then every record, applied to an image. First octet odd:
// the rest is one sequence of u16 lengths and records, so that records occur that no checksum stops.
#include <cstdlib>
#include <string>

#include "base/codec.h"
#include "core/queue/image.h"
#include "core/queue/state_frame.h"

namespace {

using namespace sluice;

void apply(queue::Image& image, Octets octets) {
  const auto record = queue::decode_state(octets);
  if (!record) return;
  std::string once, twice;
  queue::encode_state(once, *record);
  const auto again = queue::decode_state(once);
  if (!again) std::abort();
  queue::encode_state(twice, *again);
  if (once != twice) std::abort();
  image.apply(*record);
}

void look_at_all_of(const queue::Image& image) {
  std::string seen;
  image.visit({}, 1000, [&](const queue::Image::MessageView& view) {
    seen += view.sender(), seen += view.hold_reason();
    view.each_recipient([&](const queue::Image::RecipientView& each) { seen += each.address, seen += each.text; });
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Octets rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  queue::Image image;
  if (data[0] & 1) {
    for (Decoder from(rest); !from.rest().empty();) apply(image, from.raw(from.u16()));
  } else {
    queue::decode_state_header(rest);
    queue::BufferSource source(rest);
    queue::StateScanner scanner(source, 3);
    while (true) {
      const queue::StateScanned found = scanner.next();
      if (found.kind == queue::StateScanned::Kind::kEnd) break;
      if (found.length == 0) std::abort();
      if (found.kind == queue::StateScanned::Kind::kRecord) apply(image, found.record);
    }
  }
  look_at_all_of(image);
  // What an image says about itself makes the same image.
  queue::Image copy;
  const auto into_copy = [&](Octets record) {
    if (!copy.apply(record)) std::abort();
  };
  image.visit({}, 1000, [&](const auto& view) { image.encode_snapshot(view.id(), into_copy); });
  image.encode_snapshot_tail(into_copy);
  if (copy.size() != std::min<std::size_t>(image.size(), 1000)) std::abort();
  return 0;
}
