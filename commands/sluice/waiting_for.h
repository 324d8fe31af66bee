// Why a recipient is still here, in words: what it waits for and what would let it go. One place for what
// schedule::Reason means to people.
#pragma once

#include <string_view>

namespace sluice::commands {

struct WaitingFor {
  std::string_view what;   // completes "waits for ..."
  std::string_view freed;  // what frees it; an order contains {} where the id belongs
};

// By the name of a schedule::Reason; of a name that is not known, the name itself and no more.
WaitingFor waiting_for(std::string_view reason);

}  // namespace sluice::commands
