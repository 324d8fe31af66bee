// A todo file of a hostile writer, and the same octets as a caller of qmail-queue writes them. What is taken must
// survive being written and read once more, and must fit into an encoded envelope.
#include <cstdlib>

#include "core/queue/envelope_codec.h"
#include "core/queue/todo_file.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets octets(reinterpret_cast<const char*>(data), size);
  if (const auto todo = queue::decode_todo_file(octets)) {
    const auto again = queue::decode_todo_file(queue::encode_todo_file(*todo));
    if (!again || again->envelope != todo->envelope || again->uid != todo->uid || again->pid != todo->pid) std::abort();
    std::string encoded;
    if (!queue::encode_envelope(encoded, todo->envelope)) std::abort();
    const auto decoded = queue::decode_envelope(encoded);
    if (!decoded || *decoded != todo->envelope) std::abort();
  }
  queue::SubmittedEnvelope whole;
  const auto state = whole.read(octets);
  queue::SubmittedEnvelope pieces;
  auto piecewise = queue::SubmittedEnvelope::State::kMore;
  for (std::size_t at = 0; at < size; at += 3) piecewise = pieces.read(octets.substr(at, 3));
  if (size > 0 && piecewise != state) std::abort();
  if (state == queue::SubmittedEnvelope::State::kDone && whole.take() != pieces.take()) std::abort();
  return 0;
}
