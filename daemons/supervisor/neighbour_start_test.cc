#include "neighbour_start.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "core/settings/sources.h"

namespace sluice::supervisor {
namespace {

class NeighbourStart : public ::testing::Test {
 protected:
  net::Loop loop_;
  Instance instance_{settings::defaults("/nowhere", "host.example")};
  supervise::QueueSpec queue_{1, "/nowhere/queue1"};
  layout::Owners owners_ = layout::Owners::caller();
  NeighbourStarts starts_{loop_, instance_, queue_, owners_, [](link::Role, os::Fd) {}};
};

// Process ids that qmail-send says are its word only: the end of another queue's processes must reach that queue.
TEST_F(NeighbourStart, ClaimsNoProcessThatItDidNotStart) {
  constexpr int kOfAnotherQueue = 4'000'000;
  starts_.queue_started(::getpgrp());
  starts_.lost({link::Role::kClean, kOfAnotherQueue, "gone"});
  EXPECT_FALSE(starts_.ended(kOfAnotherQueue, SIGKILL));
  starts_.lost({link::Role::kRemoteDelivery, static_cast<std::uint32_t>(::getpid()), "gone"});
  EXPECT_FALSE(starts_.ended(::getpid(), SIGKILL));
  starts_.queue_ended();
  EXPECT_FALSE(starts_.ended(kOfAnotherQueue, SIGKILL));
}

TEST_F(NeighbourStart, TakesNoLossOfARoleThatIsNoNeighbour) {
  starts_.queue_started(::getpgrp());
  starts_.lost({link::Role::kSupervisor, static_cast<std::uint32_t>(::getpid()), ""});
  starts_.lost({link::Role::kLogger, static_cast<std::uint32_t>(::getpid()), ""});  // there is none
  EXPECT_TRUE(starts_.report().empty());
}

}  // namespace
}  // namespace sluice::supervisor
