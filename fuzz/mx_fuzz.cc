// MX records as a name server sends them: whatever they hold, the exchangers that come of them are few, in order, and
// not ourselves.
#include <cstdint>
#include <cstdlib>

#include "core/route/mx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  Octets input(reinterpret_cast<const char*>(data), size);
  route::MxAnswer answer{route::Found::kYes, "", {}};
  while (!input.empty()) {  // an octet of length before each record
    const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(input[0]), input.size() - 1);
    if (const auto record = route::parse_mx(input.substr(1, length))) answer.records.push_back(*record);
    input.remove_prefix(length + 1);
  }
  const std::vector<std::string> own = {"us.test"};
  const auto chosen = route::choose_exchangers("x.test", answer, own, size);
  if (!chosen) return 0;
  if (chosen->size() > route::kMostConsidered) std::abort();
  for (std::size_t i = 0; i < chosen->size(); ++i)
    if ((*chosen)[i].host == own[0] || (i > 0 && (*chosen)[i].preference < (*chosen)[i - 1].preference)) std::abort();
  return 0;
}
