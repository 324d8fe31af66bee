// The variable in which a supervisor hands the settings of its command line down to its daemons (hand_down() in
// load.h). For who executes such a command line anew and must not find its own words there.
#pragma once

namespace sluice::config {

inline constexpr const char* kHandedDown = "SLUICE_OPTIONS";

}  // namespace sluice::config
