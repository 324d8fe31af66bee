#include "etrn_table.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::smtp_server {
namespace {

using Verdict = EtrnTable::Verdict;
using Names = std::vector<std::string>;

class EtrnTables : public testing::Test {
 protected:
  EtrnTable table_{{.names = 4, .under_way = 2, .rest = Duration{1000}}};
  MonoTime now_{};
  Verdict ask(const std::string& name) { return table_.ask(name, now_); }
};

TEST_F(EtrnTables, BeginsARunAtOnce) {
  EXPECT_EQ(ask("a"), Verdict::kBegin);
  EXPECT_EQ(ask("b"), Verdict::kBegin);
}

TEST_F(EtrnTables, AsksDuringARunAreServedByOneMoreWhenItHasEndedAndRested) {
  ask("a");
  EXPECT_EQ(ask("a"), Verdict::kWaits);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(ask("a"), Verdict::kJoined);
  EXPECT_EQ(table_.due(now_), Names{}) << "one at a time";
  table_.ended("a", now_);
  EXPECT_EQ(table_.due(now_ + Duration{999}), Names{});
  EXPECT_EQ(table_.next(), now_ + Duration{1000});
  EXPECT_EQ(table_.due(now_ + Duration{1000}), Names{"a"});
  table_.ended("a", now_ + Duration{1000});
  EXPECT_EQ(table_.due(now_ + Duration{9000}), Names{}) << "nobody asked since";
  EXPECT_EQ(table_.names(), 0u);
}

TEST_F(EtrnTables, WhoAsksWhileANameRestsWaitsForTheEndOfTheRest) {
  ask("a");
  table_.ended("a", now_);
  EXPECT_EQ(ask("a"), Verdict::kWaits);
  EXPECT_EQ(ask("a"), Verdict::kJoined);
  EXPECT_EQ(table_.due(now_ + Duration{1000}), Names{"a"});
}

TEST_F(EtrnTables, FurtherNamesWaitForTheirTurn) {
  ask("a"), ask("b");
  EXPECT_EQ(ask("c"), Verdict::kWaits);
  EXPECT_EQ(ask("c"), Verdict::kJoined);
  EXPECT_EQ(ask("d"), Verdict::kWaits);
  table_.ended("b", now_);
  EXPECT_EQ(table_.due(now_), Names{"c"});
  table_.ended("a", now_);
  EXPECT_EQ(table_.due(now_), Names{"d"});
}

TEST_F(EtrnTables, NobodyOvertakesThoseThatWait) {
  ask("a"), ask("b"), ask("c");
  table_.ended("a", now_);
  EXPECT_EQ(ask("d"), Verdict::kWaits);
  EXPECT_EQ(table_.due(now_), Names{"c"});
}

TEST_F(EtrnTables, DoesNotGrow) {
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_NE(ask(name), Verdict::kFull);
  EXPECT_EQ(ask("e"), Verdict::kFull);
  EXPECT_EQ(ask("c"), Verdict::kJoined) << "those that are known still count";
  table_.ended("a", now_);
  EXPECT_EQ(ask("e"), Verdict::kFull) << "a resting name keeps its place";
  now_ += Duration{1000};
  EXPECT_EQ(ask("e"), Verdict::kWaits);
}

TEST_F(EtrnTables, AfterALongRunThereIsALongerPauseForAllNames) {
  ask("a");
  now_ += Duration{200};
  table_.ended("a", now_);
  EXPECT_EQ(ask("b"), Verdict::kWaits);
  EXPECT_EQ(table_.next(), now_ + Duration{600});
  EXPECT_EQ(table_.due(now_ + Duration{599}), Names{});
  EXPECT_EQ(table_.due(now_ + Duration{600}), Names{"b"});
}

TEST_F(EtrnTables, ThePauseHasAnEndHoweverLongTheRunWas) {
  ask("a");
  now_ += Duration{60'000};
  table_.ended("a", now_);
  EXPECT_EQ(ask("b"), Verdict::kWaits);
  EXPECT_EQ(table_.due(now_ + Duration{5000}), Names{"b"});
}

TEST_F(EtrnTables, NamesWithoutEndMakeTheQueuesSearchForAQuarterOfTheTime) {
  EtrnTable table;
  Duration searched{0};
  constexpr Duration kSearch{100}, kAll{60'000};
  for (int name = 0; now_ < MonoTime{} + kAll; ++name) {
    std::vector<std::string> begun = table.due(now_);
    if (const std::string asked = std::to_string(name); table.ask(asked, now_) == Verdict::kBegin)
      begun.push_back(asked);
    if (begun.empty()) {
      now_ += Duration{10};
      continue;
    }
    now_ += kSearch;
    searched += kSearch;
    for (const std::string& each : begun) table.ended(each, now_);
  }
  EXPECT_LE(searched, kAll / 4 + kSearch);
  EXPECT_GE(searched, kAll / 8);
}

TEST_F(EtrnTables, ThoseBehindOneThatCouldNotBeBegunAreNotForgotten) {
  ask("a"), ask("b"), ask("c"), ask("d");
  table_.forget("a"), table_.forget("b");
  EXPECT_LE(*table_.next(), now_);
  EXPECT_EQ(table_.due(now_), (Names{"c", "d"}));
}

TEST_F(EtrnTables, ARunThatCouldNotBeBegunMayBeAskedForAtOnce) {
  ask("a");
  table_.forget("a");
  EXPECT_EQ(table_.under_way(), 0u);
  EXPECT_EQ(ask("a"), Verdict::kBegin);
}

TEST_F(EtrnTables, EndsOfWhatIsNotUnderWayAreIgnored) {
  table_.ended("x", now_);
  table_.forget("x");
  ask("a"), ask("b"), ask("c");
  table_.ended("c", now_);
  EXPECT_EQ(table_.under_way(), 2u);
}

}  // namespace
}  // namespace sluice::smtp_server
