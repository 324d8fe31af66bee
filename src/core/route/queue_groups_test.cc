#include "core/route/queue_groups.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace sluice::route {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::string_view declaration) {
  const auto group = parse_group(declaration);
  return group ? "taken" : group.error();
}

Result<QueueGroups, std::string> groups(std::vector<std::string> declarations, std::vector<std::string> map = {}) {
  return QueueGroups::of(declarations, map);
}

TEST(QueueGroup, EveryFieldIsRead) {
  const auto group = parse_group(
      "slow, P=/var/spool/mqueue/slow*, P=other, Flags=f, Nice=10, Interval=1h30, Runners=3, Jobs=100, recipients=15, "
      "Sort=host, q=2-4, s=500, m=run");
  ASSERT_TRUE(group) << group.error();
  EXPECT_EQ(group->name, "slow");
  EXPECT_THAT(group->paths, ElementsAre("/var/spool/mqueue/slow*", "other"));
  EXPECT_TRUE(group->several_runners);
  EXPECT_EQ(group->nice, 10);
  EXPECT_EQ(group->interval, 90min);
  EXPECT_EQ(group->runners, 3u);
  EXPECT_EQ(group->jobs, 100u);
  EXPECT_EQ(group->recipients, 15u);
  EXPECT_EQ(group->order, select::SortOrder::kHost);
  EXPECT_EQ(group->queue_min, 2u);
  EXPECT_EQ(group->queue_max, 4u);
  EXPECT_EQ(group->first_queue, 500u);
  EXPECT_EQ(group->retry_by_runs, true);
}

TEST(QueueGroup, NeedsNoFieldAtAll) {
  EXPECT_EQ(parse_group("slow").value(), QueueGroup{.name = "slow"});
  EXPECT_EQ(parse_group(" slow , ").value(), QueueGroup{.name = "slow"});
  EXPECT_EQ(parse_group("Default").value().name, kDefaultGroup);
  EXPECT_EQ(parse_group("slow,q=3").value().queue_min, 3u);
  EXPECT_EQ(parse_group("slow,N=-5").value().nice, -5);
}

TEST(QueueGroup, ErrorsHaveTheWordsThatAreKnown) {
  EXPECT_EQ(error_of(""), "name required for queue");
  EXPECT_EQ(error_of(", P=/x"), "name required for queue");
  EXPECT_EQ(error_of("slow, P"), "queue slow: `=' expected");
  EXPECT_EQ(error_of("slow, X=1"), "Qslow: unknown queue equate X=");
  EXPECT_EQ(error_of("slow, p=1"), "Qslow: unknown queue equate p=") << "case matters";
  EXPECT_EQ(error_of("slow, S=x"), "Qslow: Invalid queue sort order \"x\"");
}

TEST(QueueGroup, WrongValuesSayWhatIsAllowed) {
  EXPECT_EQ(error_of("slow, R=-1"), "Qslow: R=-1: a number from 0 to 1000000 is expected");
  EXPECT_EQ(error_of("slow, q=4-2"),
            "Qslow: q=4-2: a number of queues from 1 to 1023, or two of them as 1-4, is expected");
  EXPECT_EQ(error_of("slow, N=20"), "Qslow: N=20: a nice value from -20 to 19 is expected");
  EXPECT_EQ(error_of("slow, F=g"), "Qslow: F=g: the only flag is f");
  EXPECT_EQ(error_of("slow, m=often"), "Qslow: m=often: run or backoff is expected");
  EXPECT_THAT(error_of("slow, I=1x"), HasSubstr("Qslow: I=1x: a time is expected"));
  EXPECT_EQ(error_of("slow, P=a/../b"), "Qslow: P=a/../b: a directory without .. is expected");
  EXPECT_EQ(error_of("slow, P=a*b"), "Qslow: P=a*b: a * may stand at the end only");
  EXPECT_THAT(error_of("sl/ow"), HasSubstr("letters, digits"));
  EXPECT_THAT(error_of("Queue7"), HasSubstr("the name of a queue"));
  EXPECT_NE(error_of(std::string(10000, 'x')), "taken");
}

TEST(QueueGroups, TheDefaultGroupIsThereAndFirst) {
  const auto none = groups({});
  ASSERT_TRUE(none);
  ASSERT_EQ(none->all().size(), 1u);
  EXPECT_EQ(none->find("MQueue"), &none->all()[0]);
  EXPECT_EQ(none->find("default"), &none->all()[0]);
  EXPECT_EQ(none->find("slow"), nullptr);
  EXPECT_EQ(none->group_of("a@b.test"), std::nullopt);
}

TEST(QueueGroups, DeclaringTheDefaultGroupChangesItsOtherFields) {
  const auto changed = groups({"mqueue, R=5, I=10m"});
  ASSERT_TRUE(changed) << changed.error();
  EXPECT_EQ(changed->all()[0].runners, 5u);
  EXPECT_THAT(groups({"mqueue, P=/var/spool/mqueue"}).error(), HasSubstr("queue_base"));
}

TEST(QueueGroups, NamesAreComparedWithoutCase) {
  const auto both = groups({"Slow", "fast"}, {"x.test:FAST"});
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(both->find("sLOW")->name, "Slow");
  EXPECT_EQ(both->group_of("a@X.test"), 2u);
  EXPECT_EQ(groups({"slow", "SLOW"}).error(), "queue SLOW: it is declared twice");
}

TEST(QueueGroups, TheMostSpecificEntryOfTheMapCounts) {
  const auto all = groups({"one", "two", "three", "four"}, {"joe@x.test:one", "x.test:two", ".test:three", ":four"});
  ASSERT_TRUE(all) << all.error();
  EXPECT_EQ(all->group_of("JOE@x.test"), 1u);
  EXPECT_EQ(all->group_of("ann@x.test"), 2u);
  EXPECT_EQ(all->group_of("ann@sub.x.test"), 3u);
  EXPECT_EQ(all->group_of("ann@x.example"), 4u);
  EXPECT_EQ(all->group_of("local"), 4u);
  EXPECT_EQ(groups({"one"}, {"x.test:one"})->group_of("local"), std::nullopt);
  EXPECT_EQ(groups({"one"}, {"x.test:default"})->group_of("a@x.test"), 0u);
}

TEST(QueueGroups, AWrongEntryOfTheMapIsNamed) {
  EXPECT_EQ(groups({"slow"}, {"x.test:fast"}).error(), "\"x.test:fast\": Queue group fast unknown");
  EXPECT_THAT(groups({}, {"x.test"}).error(), HasSubstr("\"x.test\": ADDRESS:GROUP"));
  EXPECT_THAT(groups({}, {"x.test:"}).error(), HasSubstr("ADDRESS:GROUP"));
  EXPECT_FALSE(groups({}, {"@x.test:mqueue"}));
  EXPECT_FALSE(groups({}, {"x y:mqueue"}));
  EXPECT_TRUE(groups({}, {"u@[IPv6:::1]:mqueue"}));
}

TEST(QueueGroups, EveryGroupHasNumbersOfItsOwn) {
  const auto three = groups({"a", "b, s=7, q=1-3", "c"});
  ASSERT_TRUE(three) << three.error();
  EXPECT_EQ(three->all()[1].first_queue, 101u);
  EXPECT_EQ(three->all()[2].first_queue, 7u);
  EXPECT_EQ(three->all()[3].first_queue, 301u);
  EXPECT_EQ(groups({"a, s=5, q=4", "b, s=8"}).error(),
            "queue b: its queues 8 to 8 are also those of a; s= sets the number of the first");
  EXPECT_THAT(groups({"a, s=1020, q=5"}).error(), HasSubstr("the last possible number is 1023"));
}

TEST(QueueGroups, ThereMayBeFiftyOfThem) {
  std::vector<std::string> many;
  for (int i = 1; i < 50; ++i) many.push_back(fmt::format("group-{}, q=1-8", i));
  ASSERT_TRUE(groups(many)) << groups(many).error();
  many.emplace_back("another");
  EXPECT_EQ(groups(many).error(), "queue another: there are at most 50 groups");
}

TEST(QueueGroups, DirectoriesLieBelowTheBaseAndBelongToOneGroup) {
  EXPECT_TRUE(groups({"a", "b, P=/q/bb, P=c*"})->check_paths("/q"));
  EXPECT_EQ(groups({"b, P=/p/b"})->check_paths("/q").error(), "QueuePath /p/b not subpath of QueueDirectory /q");
  EXPECT_EQ(groups({"a", "b, P=a*"})->check_paths("/q").error(), "queue b: /q/a* is also a directory of a");
  EXPECT_EQ(groups({"a, P=x", "b, P=/q/x"})->check_paths("/q").error(), "queue b: /q/x is also a directory of a");
}

}  // namespace
}  // namespace sluice::route
