#include "core/monitor/message_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::monitor {
namespace {

using nlohmann::json;

std::string sample() {
  std::string out;
  MessageWriter writer(out);
  writer.begin({.id = 18'000'000'000'000'000'000u,
                .queue = "queue1",
                .sender = "jo\"e\xff@x.test",
                .arrival = 1'795'000'000,
                .size = 4096,
                .accepted = 3,
                .precedence = -60,
                .eight_bit = true,
                .warned = true,
                .held = true,
                .hold_reason = "a \n reason"});
  const MessageWriter::Holder holders[] = {{1, 3}, {2, 5}};
  writer.recipient({.address = "a@x.test",
                    .channel = "remote",
                    .state = "deferred",
                    .attempts = 2,
                    .text = "no",
                    .reason = "instance-limit",
                    .lane = "x.test",
                    .next = 1'795'000'100,
                    .holders = holders});
  writer.recipient({.address = "b@x.test", .channel = "local", .state = "delivered"});
  writer.end();
  return out;
}

TEST(MessageJson, IsAnObjectWithTheMembersOfTheFormat) {
  EXPECT_EQ(json::parse(sample()), json::parse(R"({"id":18000000000000000000,"queue":"queue1","arrival":1795000000,
    "size":4096,"sender":"jo\"e\ufffd@x.test","accepted":3,"class":-60,"eight_bit":true,"warned":true,"held":"a \n reason",
    "recipients":[{"address":"a@x.test","channel":"remote","attempts":2,"state":"deferred","text":"no",
      "reason":"instance-limit","lane":"x.test","next":1795000100,"held_by":{"queue1":3,"queue2":5}},
      {"address":"b@x.test","channel":"local","attempts":0,"state":"delivered"}]})"));
}

TEST(MessageJson, WhatWasSetAsideHasAFile) {
  std::string out;
  MessageWriter writer(out);
  writer.begin({.queue = "queue1", .arrival = 5, .size = 7, .lost = "journal/quarantine/ff.bad"});
  writer.end();
  QueuedMessage message;
  ASSERT_TRUE(message.read(out));
  EXPECT_EQ(message.lost, "journal/quarantine/ff.bad");
  EXPECT_TRUE(message.recipients().empty());
}

TEST(MessageJson, IsReadBack) {
  QueuedMessage message;
  ASSERT_TRUE(message.read(sample()));
  EXPECT_EQ(message.id, 18'000'000'000'000'000'000u);
  EXPECT_EQ(message.arrival, 1'795'000'000);
  EXPECT_EQ(message.size, 4096u);
  EXPECT_EQ(message.accepted, 3u);
  EXPECT_EQ(message.precedence, -60);
  EXPECT_TRUE(message.eight_bit && message.warned && message.held);
  EXPECT_EQ(message.hold_reason, "a \n reason");
  ASSERT_EQ(message.recipients().size(), 2u);
  EXPECT_EQ(message.recipients()[0].address, "a@x.test");
  EXPECT_EQ(message.recipients()[0].next, 1'795'000'100);
  EXPECT_TRUE(message.lost.empty());
  EXPECT_EQ(message.recipients()[0].reason, "instance-limit");
  EXPECT_EQ(message.recipients()[0].text, "no");
  EXPECT_EQ(message.recipients()[0].attempts, 2u);
  EXPECT_FALSE(message.recipients()[0].done());
  EXPECT_TRUE(message.recipients()[1].done());
}

TEST(MessageJson, NothingStaysOfTheMessageBefore) {
  QueuedMessage message;
  ASSERT_TRUE(message.read(sample()));
  ASSERT_TRUE(message.read(R"({"id":1,"recipients":[{"address":"c@x.test"}]})"));
  EXPECT_FALSE(message.held || message.warned || message.eight_bit);
  EXPECT_TRUE(message.sender.empty() && message.hold_reason.empty());
  ASSERT_EQ(message.recipients().size(), 1u);
  EXPECT_TRUE(message.recipients()[0].text.empty() && message.recipients()[0].state.empty());
}

TEST(MessageJson, WhatIsNoMessageIsRefused) {
  QueuedMessage message;
  for (const char* text : {"", "{}", "[]", R"({"id":"7"})", R"({"id":7)", R"({"selected":7})", R"({"id":7} x)"})
    EXPECT_FALSE(message.read(text)) << text;
}

}  // namespace
}  // namespace sluice::monitor
