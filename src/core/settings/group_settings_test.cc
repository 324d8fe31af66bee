// Queue groups as settings: three ways to declare them, and what is said about mistakes in each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/settings/sources.h"

namespace sluice::settings {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Sources plain() { return {.home = "/srv/mail", .host_name = "mail.example.org"}; }

Sources with_file(std::string contents) {
  Sources sources = plain();
  sources.files.push_back({"etc/sluice.toml", std::move(contents)});
  return sources;
}

Sources with_control(const std::string& declarations, const std::string& map = "") {
  Sources sources = plain();
  sources.control.push_back({"etc/control/queuegroups", declarations});
  sources.control.push_back({"etc/control/queuegroupmap", map});
  return sources;
}

std::vector<std::string> problems_of(const Sources& sources) {
  std::vector<std::string> texts;
  for (const auto& problem : evaluate(sources).problems) texts.push_back(problem.to_text());
  return texts;
}

std::vector<std::string> groups_of(const Sources& sources) {
  EXPECT_THAT(problems_of(sources), IsEmpty());
  return evaluate(sources).loaded.settings.queuegroups;
}

TEST(QueueGroups, AreDeclaredInAControlFileALineEach) {
  EXPECT_THAT(groups_of(with_control("# ours\nslow, P=slow*, F=f, R=5, I=2h\n\nlists, N=10\n")),
              ElementsAre("slow, P=slow*, F=f, R=5, I=2h", "lists, N=10"));
}

TEST(QueueGroups, AreDeclaredOnTheCommandLineOneAtATime) {
  Sources sources = plain();
  sources.command_line.push_back({"QueueGroup", "slow, R=5, q=1-4"});
  sources.command_line.push_back({"queuegroup", "lists, N=10"});
  EXPECT_THAT(groups_of(sources), ElementsAre("slow, R=5, q=1-4", "lists, N=10"));
}

TEST(QueueGroups, AreSeparatedBySemicolonsInTheEnvironment) {
  Sources sources = plain();
  sources.environment.push_back({"QUEUEGROUPS", "slow, R=5; lists, N=10;"});
  sources.environment.push_back({"QUEUEGROUPMAP", "a.test:slow,b.test:lists"});
  EXPECT_THAT(groups_of(sources), ElementsAre("slow, R=5", "lists, N=10"));
}

TEST(QueueGroups, AreDeclaredAsTablesInTheOrderInWhichTheyStand) {
  EXPECT_THAT(groups_of(with_file("queuegroups = [\"first, R=1\"]\n"
                                  "[group.slow]\npath = [\"a\", \"b*\"]\nrunners = 5\ninterval = \"2h\"\n"
                                  "[group.lists]\nnice = 10\nqueues = \"1-4\"\nretry = \"run\"\n")),
              ElementsAre("first, R=1", "slow, I=2h, P=a, P=b*, R=5", "lists, N=10, q=1-4, m=run"));
}

TEST(QueueGroups, OfAFileGiveWayToThoseOfTheControlFile) {
  Sources sources = with_control("slow\n");
  sources.files.push_back({"etc/sluice.toml", "[group.lists]\n"});
  EXPECT_THAT(groups_of(sources), ElementsAre("slow"));
}

TEST(QueueGroups, MistakesInATableAreToldWhereTheyStand) {
  EXPECT_THAT(
      problems_of(with_file("[group.slow]\nrunner = 5\nnice = 99\n")),
      ElementsAre(AllOf(StartsWith("etc/sluice.toml:2:1: group.slow: there is no \"runner\"; allowed: path, flags"),
                        HasSubstr("runners")),
                  AllOf(StartsWith("etc/sluice.toml:3:8: group.slow: nice: "), HasSubstr("from -20 to 19"))));
  EXPECT_THAT(problems_of(with_file("[group.\"a b\"]\n")), ElementsAre(HasSubstr("letters, digits")));
  EXPECT_THAT(problems_of(with_file("[group.slow]\nflags = true\n")),
              ElementsAre("etc/sluice.toml:2:9: group.slow: flags: a text or a number is expected"));
  EXPECT_THAT(problems_of(with_file("group = 3\n")), ElementsAre(HasSubstr("tables [group.NAME] are expected")));
}

TEST(QueueGroups, MistakesInADeclarationSayWhatIsAllowed) {
  EXPECT_THAT(
      problems_of(with_control("slow\nlists, X=1\n")),
      ElementsAre(AllOf(StartsWith("etc/control/queuegroups:2:1: queuegroups: Qlists: unknown queue equate X=; "),
                        HasSubstr("allowed: a list of NAME, FIELD=VALUE"))));
}

TEST(QueueGroups, MayNotShareNumbersOrDirectories) {
  EXPECT_THAT(problems_of(with_control("slow, s=50, q=4\nlists, s=53\n")),
              ElementsAre(AllOf(StartsWith("etc/control/queuegroups:2:1: queuegroups: "), HasSubstr("slow"))));
  EXPECT_THAT(
      problems_of(with_control("slow, P=a*\nlists, P=ab\n")),
      ElementsAre(AllOf(StartsWith("etc/control/queuegroups:2:1: "), HasSubstr("is also a directory of slow"))));
  EXPECT_THAT(problems_of(with_control("slow, s=20\n")),
              ElementsAre(AllOf(StartsWith("etc/control/queuegroups:1:1: "),
                                HasSubstr("its queues are 20 to 20, those of the default group 1 to 20"))));
  EXPECT_THAT(problems_of(with_control("slow\nSlow\n")), ElementsAre(HasSubstr("etc/control/queuegroups:2:1: ")));
}

TEST(QueueGroups, LieBelowQueueBaseAndInNoQueue) {
  EXPECT_THAT(problems_of(with_control("slow, P=/elsewhere\n")),
              ElementsAre(HasSubstr("QueuePath /elsewhere not subpath of QueueDirectory /srv/mail/queue")));
  EXPECT_THAT(groups_of(with_control("slow, P=/srv/mail/queue/slow\n")), ElementsAre("slow, P=/srv/mail/queue/slow"));
  EXPECT_THAT(problems_of(with_control("slow, P=queue7/x\n")), ElementsAre(HasSubstr("queue7 is the name of a queue")));
  EXPECT_THAT(problems_of(with_control("slow, P=./x\n")), ElementsAre(HasSubstr("\".\" names no directory")));
}

TEST(QueueGroupMap, NamesGroupsThatAreDeclared) {
  EXPECT_THAT(problems_of(with_control("slow\n", "a.test:slow\n.b.test:mqueue\njoe@c.test:default\n:SLOW\n")),
              IsEmpty());
  EXPECT_THAT(
      problems_of(with_control("slow\n", "a.test:slow\nb.test:fast\n")),
      ElementsAre("etc/control/queuegroupmap:2:8: queuegroupmap: Queue group fast unknown; declared: mqueue, slow"));
  EXPECT_THAT(problems_of(with_control("slow\n", "a.test\n")),
              ElementsAre(HasSubstr("the colon and the group are missing")));
  EXPECT_THAT(problems_of(with_control("slow\n", "a..test:slow\n")),
              ElementsAre(StartsWith("etc/control/queuegroupmap:1:3: ")));
}

}  // namespace
}  // namespace sluice::settings
