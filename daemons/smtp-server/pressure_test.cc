#include "pressure.h"

#include <gtest/gtest.h>

namespace sluice::smtp_server {
namespace {

TEST(PressureOfTheLoad, BeginsAtItsLimits) {
  const LoadLimits limits{.delay = 8, .refuse = 12};
  EXPECT_EQ(pressure_at(7.99, limits), Pressure::kNone);
  EXPECT_EQ(pressure_at(8, limits), Pressure::kDelay);
  EXPECT_EQ(pressure_at(11.99, limits), Pressure::kDelay);
  EXPECT_EQ(pressure_at(12, limits), Pressure::kRefuse);
}

TEST(PressureOfTheLoad, IsNotThereWithoutLimits) {
  EXPECT_EQ(pressure_at(1000, {}), Pressure::kNone);
  EXPECT_EQ(pressure_at(1000, {.delay = 8, .refuse = {}}), Pressure::kDelay);
  EXPECT_EQ(pressure_at(12, {.delay = {}, .refuse = 12}), Pressure::kRefuse);
  EXPECT_EQ(pressure_at(12, {.delay = 20, .refuse = 12}), Pressure::kRefuse) << "refusing is the stronger";
}

TEST(PressureOfTheLoad, IsNotThereWhileTheLoadIsUnknown) {
  EXPECT_EQ(pressure_at(std::nullopt, {.delay = 0.0, .refuse = 0.0}), Pressure::kNone);
}

}  // namespace
}  // namespace sluice::smtp_server
