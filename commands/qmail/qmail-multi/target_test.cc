#include "target.h"

#include <gtest/gtest.h>

#include "filter.h"

namespace sluice::qmail_multi {
namespace {

using Words = std::vector<std::string>;

TEST(Target, IsTheFirstArgumentElseQueueprogElseQmailQueue) {
  os::Environment environment;
  EXPECT_EQ(choose_target({}, environment, "/s/qmail-queue").arguments, Words{"/s/qmail-queue"});
  environment.set("QUEUEPROG", "/x/other");
  const Target named = choose_target({}, environment, "/s/qmail-queue");
  EXPECT_EQ(named.arguments, Words{"/x/other"});
  EXPECT_FALSE(named.is_qmail_queue);
  EXPECT_FALSE(environment.find("QUEUEPROG"));
  environment.set("QUEUEPROG", "/x/other");
  EXPECT_EQ(choose_target({"/y/qmail-queue", "a"}, environment, "/s/qmail-queue").arguments,
            (Words{"/y/qmail-queue", "a"}));
  EXPECT_FALSE(environment.find("QUEUEPROG"));
}

TEST(Target, GetsAQueueIfItIsAPathToQmailQueue) {
  os::Environment environment;
  EXPECT_TRUE(choose_target({}, environment, "/s/qmail-queue").is_qmail_queue);
  EXPECT_TRUE(choose_target({"./qmail-queue"}, environment, "").is_qmail_queue);
  EXPECT_FALSE(choose_target({"qmail-queue"}, environment, "").is_qmail_queue);
  EXPECT_FALSE(choose_target({"/s/my-qmail-queue"}, environment, "").is_qmail_queue);
}

TEST(MinFree, IsANumberOfOctets) {
  std::uint64_t octets = 1;
  EXPECT_TRUE(parse_min_free("", octets));
  EXPECT_EQ(octets, 0u);
  EXPECT_TRUE(parse_min_free("1048576", octets));
  EXPECT_EQ(octets, 1048576u);
  for (const char* text : {"x", "1M", "-1", "99999999999999999999"}) EXPECT_FALSE(parse_min_free(text, octets)) << text;
}

TEST(FilterStatus, DecidesAboutTheMessage) {
  const auto exited = [](int code) { return verdict_of(code << 8); };
  EXPECT_EQ(exited(0), std::nullopt);
  EXPECT_EQ(exited(2), 0);
  EXPECT_EQ(exited(99), 0);
  EXPECT_EQ(exited(31), 31);
  EXPECT_EQ(exited(100), 31);
  EXPECT_EQ(exited(88), 88);
  EXPECT_EQ(exited(1), 71);
  EXPECT_EQ(exited(111), 71);
  EXPECT_EQ(verdict_of(9), 123);  // killed
}

}  // namespace
}  // namespace sluice::qmail_multi
