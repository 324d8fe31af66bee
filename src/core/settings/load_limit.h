// Load averages as load.queue, load.refuse and load.delay name them: "12", "8p" (eight for each processor), "off".
#pragma once

#include <optional>
#include <string_view>

namespace sluice::settings {

// The load average meant on a machine with so many processors; nothing: off, or not understood.
std::optional<double> load_limit(std::string_view text, unsigned processors);

}  // namespace sluice::settings
