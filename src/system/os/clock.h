// The two clocks of base/time.h, read. Only daemons and commands read them, once a turn; the core gets times handed in.
#pragma once

#include "base/time.h"

namespace sluice::os {

MonoTime mono_now();                 // CLOCK_MONOTONIC
WallTime wall_now();                 // CLOCK_REALTIME
int utc_offset_minutes(WallTime t);  // of the local time zone at `t`

}  // namespace sluice::os
