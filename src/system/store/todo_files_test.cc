#include "system/store/todo_files.h"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

using Places = std::vector<TodoPlace>;

TEST(LikelyPlaces, BeginWithTheOneThatTheClientNames) {
  EXPECT_EQ(likely_places(4711, 7, 3), (Places{{4711, 7}, {4711, 1}, {4711, std::nullopt}}));
  EXPECT_EQ(likely_places(4711, 1, 3), (Places{{4711, 1}, {4711, std::nullopt}}));
}

TEST(LikelyPlaces, OfAClientThatDividesNothingLeadToTheDirectoryItself) {
  EXPECT_EQ(likely_places(4711, 151, 151).back(), (TodoPlace{4711, std::nullopt}));
}

TEST(LikelyPlaces, AreNeverASubdirectoryOrAPartThatCannotBe) {
  EXPECT_EQ(likely_places(5, 2'000'000'000, 3), (Places{{5, 2}}));
}

}  // namespace
}  // namespace sluice::store
