#include "system/maildir/unique_name.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sluice::maildir {
namespace {

std::string name_on(std::string_view host) { return unique_name({1732252800, 123456, 789, 5, host}); }

TEST(UniqueName, HoldsTimeProcessSequenceAndHost) {
  EXPECT_EQ(name_on("mx.example.net"), "1732252800.M123456P789Q5.mx.example.net");
}

TEST(UniqueName, HostCannotLeaveTheDirectoryOrLookLikeFlags) {
  EXPECT_EQ(name_on("../a:2,S\n"), "1732252800.M123456P789Q5...\\057a\\0722,S_");
  EXPECT_EQ(name_on(""), "1732252800.M123456P789Q5.localhost");
}

TEST(UniqueName, FitsIntoAFileNameWhateverItsParts) {
  const std::string host(500, '/');
  EXPECT_LE(unique_name({INT64_MIN, INT64_MIN, INT64_MIN, UINT64_MAX, host}).size() + 23, 255u);
}

}  // namespace
}  // namespace sluice::maildir
