#include "system/groups/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/settings/sources.h"

namespace sluice::groups {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class GroupsOfQueues : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/groups-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    settings_ = settings::defaults(pattern, "host.example");
    base_ = settings_.queue_base;
    fs::create_directories(base_);
  }
  void TearDown() override { fs::remove_all(settings_.home); }

  void make(const std::string& directory) { fs::create_directories(base_ + '/' + directory); }
  std::string in(const std::string& directory) const { return base_ + '/' + directory; }
  std::size_t choose(const Groups& groups, const std::vector<std::string>& recipients) const {
    return groups.choose(recipients, [](const std::string& one) -> std::string_view { return one; });
  }

  settings::Settings settings_;
  std::string base_;
};

TEST_F(GroupsOfQueues, AreOneIfNoneIsDeclared) {
  settings_.queue_start = 3;
  settings_.queue_count = 2;
  const Groups groups(settings_);
  ASSERT_EQ(groups.all().size(), 1u);
  const Group& group = groups.default_group();
  EXPECT_EQ(group.name, "default");
  EXPECT_EQ(group.first, 3u);
  EXPECT_EQ(group.least, 2u);
  EXPECT_EQ(groups.directory_of(4), in("queue4"));
  EXPECT_EQ(groups.group_with(900), 0u);
  EXPECT_EQ(choose(groups, {"a@b.test"}), 0u);
  EXPECT_THAT(groups.directories(), ElementsAre(base_));
}

TEST_F(GroupsOfQueues, HaveADirectoryOfTheirNameUnlessTheySayAnother) {
  settings_.queuegroups = {"slow, q=2-4", "lists, P=a/b, s=300"};
  const Groups groups(settings_);
  ASSERT_EQ(groups.all().size(), 3u);
  EXPECT_EQ(groups.all()[1].least, 2u);
  EXPECT_EQ(groups.all()[1].most, 4u);
  EXPECT_EQ(groups.directory_of(102), in("slow/queue102"));
  EXPECT_EQ(groups.directory_of(300), in("a/b/queue300"));
  EXPECT_EQ(groups.group_with(104), 1u);
  EXPECT_EQ(groups.group_with(105), 0u);
  EXPECT_EQ(groups.find("SLOW"), &groups.all()[1]);
  EXPECT_EQ(groups.find("mqueue"), &groups.default_group());
  EXPECT_EQ(groups.find("Default"), &groups.default_group());
  EXPECT_EQ(groups.find("fast"), nullptr);
  EXPECT_THAT(groups.directories(), ElementsAre(base_, in("slow"), in("a"), in("a/b")));
}

TEST_F(GroupsOfQueues, StandInTheirDirectoriesInTurn) {
  settings_.queuegroups = {"slow, P=one, P=two, q=4"};
  const Groups groups(settings_);
  EXPECT_EQ(groups.directory_of(101), in("one/queue101"));
  EXPECT_EQ(groups.directory_of(102), in("two/queue102"));
  EXPECT_EQ(groups.directory_of(103), in("one/queue103"));
}

TEST_F(GroupsOfQueues, FindTheDirectoriesOfAWildcard) {
  settings_.queuegroups = {"slow, P=disk*, q=3"};
  EXPECT_EQ(Groups(settings_).directory_of(101), in("disk/queue101")) << "there is none yet";
  make("disk-b");
  make("disk-a");
  make("other");
  std::ofstream(in("disk-file")) << "x";
  fs::create_directory_symlink(in("other"), in("disk-link"));
  const Groups groups(settings_);
  EXPECT_THAT(groups.all()[1].directories, ElementsAre(in("disk-a"), in("disk-b")));
  EXPECT_EQ(groups.directory_of(102), in("disk-b/queue102"));
}

TEST_F(GroupsOfQueues, LeaveAQueueWhereItIsWhenDirectoriesAreAdded) {
  settings_.queuegroups = {"slow, P=new, P=old, q=2"};
  make("old/queue101");
  EXPECT_EQ(Groups(settings_).directory_of(101), in("old/queue101"));
  EXPECT_EQ(Groups(settings_).directory_of(102), in("old/queue102"));
}

TEST_F(GroupsOfQueues, KnowTheQueuesThatAGroupHadBefore) {
  settings_.queuegroups = {"slow, q=1", "big, s=110"};
  for (const char* name : {"slow/queue103", "slow/queue110", "queue104"}) make(name);
  const Groups groups(settings_);
  EXPECT_EQ(groups.group_with(103), 1u);
  EXPECT_EQ(groups.directory_of(103), in("slow/queue103"));
  EXPECT_EQ(groups.group_with(104), 0u);
  EXPECT_EQ(groups.group_with(105), 0u) << "there is none";
  EXPECT_EQ(groups.group_with(110), 2u) << "its number is another group's now";
}

TEST_F(GroupsOfQueues, FindWhatIsOnDisk) {
  settings_.queuegroups = {"slow, q=2"};
  for (const char* name : {"queue2", "queue02", "nqueue", "queue1024", "queue0", "slow/queue101", "slow/queue7"})
    make(name);
  std::ofstream(in("queue3")) << "x";
  fs::create_directory_symlink(in("queue2"), in("queue4"));
  EXPECT_THAT(Groups(settings_).found(),
              ElementsAre(FoundQueue{2, in("queue2"), 0}, FoundQueue{7, in("slow/queue7"), 1},
                          FoundQueue{101, in("slow/queue101"), 1}));
}

TEST_F(GroupsOfQueues, AMessageGoesByItsFirstRecipientOfWhichTheMapSpeaks) {
  settings_.queuegroups = {"slow", "lists"};
  settings_.queuegroupmap = {"slow.test:slow", ".lists.test:lists", "joe@slow.test:lists"};
  const Groups groups(settings_);
  EXPECT_EQ(choose(groups, {"a@x.test", "a@slow.test", "a@b.lists.test"}), 1u);
  EXPECT_EQ(choose(groups, {"Joe@Slow.test", "a@slow.test"}), 2u);
  EXPECT_EQ(choose(groups, {"a@x.test"}), 0u);
  EXPECT_EQ(choose(groups, {}), 0u);
}

TEST_F(GroupsOfQueues, EntriesOfGroupsThatCountAfterARestartWait) {
  settings_.queuegroups = {"slow"};
  settings_.queuegroupmap = {"new.test:new", "slow.test:slow"};
  const Groups groups(settings_);
  EXPECT_EQ(choose(groups, {"a@new.test"}), 0u);
  EXPECT_EQ(choose(groups, {"a@slow.test"}), 1u);
}

TEST_F(GroupsOfQueues, MayStandBelowAWildcardOfQueueDirectory) {
  settings_.queue_base = base_ + "/q*";
  settings_.queue_count = 2;
  settings_.queuegroups = {"slow"};
  make("q1");
  make("q2");
  const Groups groups(settings_);
  EXPECT_EQ(groups.directory_of(2), in("q2/queue2"));
  EXPECT_EQ(groups.directory_of(101), in("slow/queue101"));
}

TEST_F(GroupsOfQueues, AreAsManyAsTheDirectoriesOfAWildcardOfQueueDirectory) {
  settings_.queue_base = base_ + "/*";
  settings_.queuegroups = {"slow"};
  for (const char* name : {"q1", "q2", "q3", "slow/queue101"}) make(name);
  const Groups starter(settings_, Groups::Asker::kStarter);
  EXPECT_EQ(starter.default_group().least, 3u) << "that of another group is not counted";
  EXPECT_EQ(starter.directory_of(3), in("q3/queue3"));
  EXPECT_EQ(Groups(settings_).default_group().least, 1u) << "none was made yet";
  for (const char* name : {"q1/queue1", "q2/queue2", "q3/queue3", "q4"}) make(name);
  EXPECT_EQ(Groups(settings_).default_group().least, 3u) << "the fourth is not run before the next start";
  EXPECT_EQ(Groups(settings_).directory_of(3), in("q3/queue3"));
  settings_.queue_count = 5;
  EXPECT_EQ(Groups(settings_).default_group().least, 5u);
  settings_.queue_count = 1;
  settings_.queue_max = 2;
  EXPECT_EQ(Groups(settings_, Groups::Asker::kStarter).default_group().least, 2u);
}

}  // namespace
}  // namespace sluice::groups
