// A queue run as it comes over a control socket: what is taken is the same when it is written down and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "core/select/queue_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::select;
  const auto json = nlohmann::json::parse(data, data + size, nullptr, false);
  const auto run = queue_run_of(json);
  if (!run) {
    if (run.error().empty()) std::abort();
    return 0;
  }
  if (queue_run_of(to_json(*run)) != *run) std::abort();
  const Matcher matcher(run->selector);
  [[maybe_unused]] const bool matches = matcher.matches({}, sluice::wall_from_millis(0));
  return 0;
}
