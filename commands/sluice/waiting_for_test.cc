#include "waiting_for.h"

#include <gtest/gtest.h>

#include "core/schedule/views.h"

namespace sluice::commands {
namespace {

TEST(WaitingFor, EveryReasonOfTheSchedulerHasWords) {
  for (std::size_t i = 0; i < schedule::kReasons; ++i) {
    const auto name = name_of(static_cast<schedule::Reason>(i));
    EXPECT_FALSE(waiting_for(name).what.empty());
    EXPECT_NE(waiting_for(name).what, name);
  }
}

TEST(WaitingFor, AReasonOfALaterVersionIsSaidAsItIs) {
  EXPECT_EQ(waiting_for("moon-phase").what, "moon-phase");
  EXPECT_EQ(waiting_for("moon-phase").freed, "");
}

}  // namespace
}  // namespace sluice::commands
