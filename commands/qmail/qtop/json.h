// A snapshot for machines: one JSON object, docs/formats.md, "qtop --once --json".
#pragma once

#include <string>

#include "core/monitor/snapshot.h"

namespace sluice::qtop {

std::string json_text(const monitor::Snapshot& snapshot);

}  // namespace sluice::qtop
