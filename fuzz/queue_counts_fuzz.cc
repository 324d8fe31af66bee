// Contents of shared memory and message queues that any process may have written: what decodes is in its range and is
// written again as it was read.
#include <cstdlib>

#include "core/link/queue_counts.h"

namespace {

using sluice::Octets;

template <class Counts>
void check(Octets octets) {
  const auto counts = Counts::decode(octets);
  if (!counts) return;
  const auto again = counts->encode();
  if (Octets(again.data(), again.size()) != octets) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::link;
  const Octets octets(reinterpret_cast<const char*>(data), size);
  check<SchedulerCounts>(octets);
  check<QueueCounts>(octets);
  check<TodoMessage>(octets);
  if (const auto counts = QueueCounts::decode(octets); counts && counts->load() > 200) std::abort();
  if (const auto load = LoadMessage::decode(octets); load && (load->load > 200 || load->queue > 1023)) std::abort();
  return 0;
}
