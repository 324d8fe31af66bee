// Who gets the letters to an address, and whose instructions say what is done with them.
#pragma once

#include <string>

#include "core/link/worker.h"
#include "core/local/assign.h"

namespace sluice::owner {

struct Addressed {
  link::Addressee addressee = link::Addressee::kUser;
  local::Owner owner;  // an empty home: there is none, and the default delivery does not need one
};

}  // namespace sluice::owner
