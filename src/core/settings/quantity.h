// Durations and sizes (base/quantity.h) under the names of this folder.
#pragma once

#include "base/quantity.h"

namespace sluice::settings {

using sluice::format_duration;
using sluice::format_size;
using sluice::GrammarError;
using sluice::parse_duration;
using sluice::parse_integer;
using sluice::parse_size;
using sluice::TimeUnit;

}  // namespace sluice::settings
