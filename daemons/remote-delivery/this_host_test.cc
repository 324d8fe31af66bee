#include "this_host.h"

#include <gtest/gtest.h>

namespace sluice::remote {
namespace {

ThisHost listening_on(std::initializer_list<const char*> endpoints) {
  std::vector<settings::Endpoint> list;
  for (const char* text : endpoints) list.push_back(*settings::Endpoint::parse(text));
  return ThisHost({"us.test"}, std::move(list));
}

TEST(ThisHostOnOneAddress, AnswersThereAndOnThatPortOnly) {
  const auto self = listening_on({"192.0.2.1:25"});
  EXPECT_TRUE(self.answers_at("192.0.2.1", 25));
  EXPECT_FALSE(self.answers_at("192.0.2.1", 587));
  EXPECT_FALSE(self.answers_at("192.0.2.2", 25));
  EXPECT_FALSE(self.answers_at("127.0.0.1", 25));
  EXPECT_FALSE(self.answers_at("mx.x.test", 25));
}

TEST(ThisHostOnAllAddresses, AnswersAtThoseOfThisMachine) {
  const auto self = listening_on({"0.0.0.0:25"});
  EXPECT_TRUE(self.answers_at("127.0.0.1", 25));
  EXPECT_TRUE(self.answers_at("127.77.0.1", 25));
  EXPECT_TRUE(self.answers_at("0.0.0.0", 25));
  EXPECT_FALSE(self.answers_at("192.0.2.1", 25));
}

TEST(TheWildcardAddress, IsThisHostWhereItListensOnLoopback) {
  const auto self = listening_on({"127.0.0.1:25"});
  EXPECT_TRUE(self.answers_at("0.0.0.0", 25));
  EXPECT_FALSE(self.answers_at("0.0.0.0", 26));
}

}  // namespace
}  // namespace sluice::remote
