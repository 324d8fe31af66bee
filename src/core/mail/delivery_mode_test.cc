#include "core/mail/delivery_mode.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

TEST(DeliveryModes, AreKnownByTheirFirstLetter) {
  EXPECT_EQ(delivery_mode_of("background"), DeliveryMode::kBackground);
  EXPECT_EQ(delivery_mode_of("I"), DeliveryMode::kInteractive);
  EXPECT_EQ(delivery_mode_of("queue-only"), DeliveryMode::kQueueOnly);
  EXPECT_EQ(delivery_mode_of("Deferred"), DeliveryMode::kDefer);
  EXPECT_EQ(delivery_mode_of("x"), std::nullopt);
  EXPECT_EQ(delivery_mode_of(""), std::nullopt);
}

}  // namespace
}  // namespace sluice::mail
