// Octets that are no record any more are copied out of the way before anything else happens to them: an operator, or a
// later version, may still make something of them.
#pragma once

#include <string>

#include "core/queue/octet_source.h"
#include "system/store/disk.h"
#include "system/store/store.h"

namespace sluice::store {

// Copies `length` octets of `source` from `position` to DIRECTORY/quarantine/NAME, durably. A file of this name that
// exists already is the same octets, set aside by an earlier run.
Result<void, Trouble> set_aside(Disk& disk, const std::string& directory, const std::string& name,
                                queue::OctetSource& source, std::uint64_t position, std::uint64_t length);

}  // namespace sluice::store
