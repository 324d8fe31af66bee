#include "core/queue/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sluice::queue {
namespace {

const Place* find(const std::vector<Place>& places, std::string_view path) {
  const auto it = std::find_if(places.begin(), places.end(), [&](const Place& p) { return p.path == path; });
  return it == places.end() ? nullptr : &*it;
}

TEST(QueueLayout, BelongsToTheUsersOfTheReferenceTable) {
  const auto places = queue_places({});
  struct Row {
    const char* path;
    User owner;
    unsigned mode;
  };
  for (const Row& row :
       {Row{".", User::kQueue, 0750}, Row{"pid", User::kQueue, 0700}, Row{"mess", User::kQueue, 0750},
        Row{"mess/150", User::kQueue, 0750}, Row{"intd/0", User::kQueue, 0700}, Row{"todo/7", User::kQueue, 0750},
        Row{"info/7", User::kScheduler, 0700}, Row{"local/7", User::kScheduler, 0700},
        Row{"remote/7", User::kScheduler, 0700}, Row{"bounce", User::kScheduler, 0700}, Row{"lock", User::kQueue, 0750},
        Row{"lock/sendmutex", User::kScheduler, 0600}, Row{"lock/tcpto", User::kRemote, 0644},
        Row{"lock/trigger", User::kScheduler, 0622}, Row{"trash", User::kQueue, 0700},
        Row{"journal", User::kQueue, 0750}, Row{"state", User::kScheduler, 0700}}) {
    const Place* place = find(places, row.path);
    ASSERT_NE(place, nullptr) << row.path;
    EXPECT_EQ(place->owner, row.owner) << row.path;
    EXPECT_EQ(place->group, Group::kQmail) << row.path;
    EXPECT_EQ(place->mode, row.mode) << row.path;
  }
}

TEST(QueueLayout, EveryPlaceComesAfterTheDirectoryThatHoldsIt) {
  for (const auto& places : {queue_places({.rate_limit = true}), home_places(), run_places()}) {
    std::set<std::string> seen;
    for (const Place& place : places) {
      const auto slash = place.path.rfind('/');
      EXPECT_TRUE(slash == std::string::npos || seen.contains(place.path.substr(0, slash))) << place.path;
      EXPECT_TRUE(seen.insert(place.path).second) << place.path << " twice";
    }
  }
}

TEST(QueueLayout, AllowsBodiesThatEverybodyMayReadAndThoseOfTheGroupOnly) {
  const auto places = queue_places({});
  const Place* mess = find(places, "mess/0");
  ASSERT_TRUE(mess->files);
  EXPECT_TRUE(mess->files->allow(0644));
  EXPECT_TRUE(mess->files->allow(0640));
  EXPECT_FALSE(mess->files->allow(0600));
  EXPECT_FALSE(mess->files->allow(0664));
  EXPECT_FALSE(find(places, "mess")->files);  // nothing but split directories belongs there
}

TEST(QueueLayout, SplitsTodoAndIntdOnlyWithBigTodo) {
  const auto big = queue_places({.split = 3, .big_todo = true});
  const auto small = queue_places({.split = 3, .big_todo = false});
  EXPECT_NE(find(big, "todo/2"), nullptr);
  EXPECT_EQ(find(big, "todo/3"), nullptr);
  EXPECT_EQ(find(small, "todo/0"), nullptr);
  EXPECT_EQ(find(small, "intd/0"), nullptr);
  EXPECT_NE(find(small, "mess/2"), nullptr);
  EXPECT_EQ(find(small, "todo")->file_links, 2u);
}

TEST(QueueLayout, MakesTheRateLimitDirectoryOnlyWhenAsked) {
  EXPECT_EQ(find(queue_places({}), "ratelimit"), nullptr);
  EXPECT_NE(find(queue_places({.rate_limit = true}), "ratelimit"), nullptr);
}

TEST(RunDirectory, NamesTheSocketsOfAQueue) {
  EXPECT_EQ(intake_socket("/i/run", "queue7"), "/i/run/intake/queue7");
  EXPECT_EQ(control_socket("/i/run", "queue7"), "/i/run/control/queue7");
  EXPECT_EQ(limits_directory("/i/run"), "/i/run/limits");
  EXPECT_EQ(supervisor_socket("/i/run"), "/i/run/supervisor.control");
}

TEST(Split, IsANumberUpToItsMaximum) {
  EXPECT_EQ(parse_split("23"), 23u);
  EXPECT_EQ(parse_split("151"), kMaximumSplit);
  for (const char* text : {"", "152", "0", "-1", "x", "23x", " 23", "99999999999999999999999"})
    EXPECT_EQ(parse_split(text), std::nullopt) << text;
}

TEST(BigTodo, IsZeroOrOne) {
  EXPECT_EQ(parse_big_todo("1"), true);
  EXPECT_EQ(parse_big_todo("0"), false);
  for (const char* text : {"", "2", "yes", "01"}) EXPECT_EQ(parse_big_todo(text), std::nullopt) << text;
}

}  // namespace
}  // namespace sluice::queue
