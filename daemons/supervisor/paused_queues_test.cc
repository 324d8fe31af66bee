#include "paused_queues.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace sluice::supervisor {
namespace {

struct PausedQueuesTest : testing::Test {
  PausedQueuesTest() {
    char name[] = "/tmp/sluice-paused-XXXXXX";
    directory = ::mkdtemp(name);
  }
  ~PausedQueuesTest() override { std::filesystem::remove_all(directory); }
  std::string directory;
};

TEST_F(PausedQueuesTest, RemembersWhatIsPausedForWhoeverLooksNext) {
  EXPECT_FALSE(PausedQueues(directory).contains("queue1"));
  EXPECT_TRUE(PausedQueues(directory).set("queue1", true));
  EXPECT_TRUE(PausedQueues(directory).set("queue1", true));
  EXPECT_TRUE(PausedQueues(directory).contains("queue1"));
  EXPECT_FALSE(PausedQueues(directory).contains("queue2"));
  EXPECT_TRUE(PausedQueues(directory).set("queue1", false));
  EXPECT_TRUE(PausedQueues(directory).set("queue1", false));
  EXPECT_FALSE(PausedQueues(directory).contains("queue1"));
}

TEST_F(PausedQueuesTest, SaysWhyItCannotRemember) {
  const auto refused = PausedQueues(directory + "/missing").set("queue1", true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("/missing/paused"), std::string::npos) << refused.error();
}

}  // namespace
}  // namespace sluice::supervisor
