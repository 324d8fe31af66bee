#include "core/settings/load_limit.h"

#include <gtest/gtest.h>

namespace sluice::settings {
namespace {

TEST(LoadLimit, IsANumberOrOneForEachProcessorOrOff) {
  EXPECT_EQ(load_limit("12", 4), 12);
  EXPECT_EQ(load_limit("0", 4), 0);
  EXPECT_EQ(load_limit("8p", 4), 32);
  EXPECT_EQ(load_limit("8p", 0), 8) << "when the number is not known";
  EXPECT_EQ(load_limit("off", 4), std::nullopt);
  EXPECT_EQ(load_limit("p", 4), std::nullopt);
}

}  // namespace
}  // namespace sluice::settings
