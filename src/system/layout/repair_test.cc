#include "system/layout/repair.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::layout {
namespace {

namespace fs = std::filesystem;
using queue::Place;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Orders kLookInside{nullptr, nullptr, true};

class Repair : public ::testing::Test {
 protected:
  Repair() {
    char name[] = "/tmp/layout-test-XXXXXX";
    base_ = ::mkdtemp(name);
    root_ = base_ / "queue1";
  }
  ~Repair() override { fs::remove_all(base_); }

  Tally run(const std::vector<Place>& places, Orders orders = {}) {
    if (!orders.approve)
      orders.approve = [this](const Finding& finding) {
        changes_.push_back(finding.text);
        return true;
      };
    orders.complain = [this](std::string_view text) { complaints_.emplace_back(text); };
    return repair(root_, places, Owners::caller(), orders);
  }

  unsigned mode(const std::string& path) const {
    struct stat status {};
    return ::lstat((root_ / path).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  void put(const std::string& path, unsigned mode) const {
    std::ofstream(root_ / path) << "x";
    ::chmod((root_ / path).c_str(), mode);
  }

  fs::path base_, root_;
  std::vector<std::string> changes_, complaints_;
  const std::vector<Place> small_ = queue::queue_places({.split = 2});
};

TEST_F(Repair, MakesAWholeQueueWhateverTheFileMask) {
  const mode_t before = ::umask(0777);
  const Tally tally = run(small_);
  ::umask(before);
  EXPECT_TRUE(tally.sound());
  EXPECT_EQ(tally.found, small_.size());
  EXPECT_THAT(complaints_, IsEmpty());
  for (const Place& place : small_) EXPECT_EQ(mode(place.path), place.mode) << place.path;
  EXPECT_TRUE(fs::is_fifo(root_ / "lock/trigger"));
  EXPECT_EQ(fs::file_size(root_ / "lock/tcpto"), queue::kTcptoSize);
  EXPECT_EQ(fs::file_size(root_ / "lock/sendmutex"), 0u);
}

TEST_F(Repair, FindsNothingToDoASecondTime) {
  run(small_);
  const Tally again = run(small_);
  EXPECT_EQ(again.found, 0u);
  EXPECT_TRUE(again.sound());
}

TEST_F(Repair, SetsAModeRightAndMakesWhatIsMissing) {
  run(small_);
  changes_.clear();
  ::chmod((root_ / "info").c_str(), 0755);
  fs::remove_all(root_ / "mess/1");
  EXPECT_TRUE(run(small_).sound());
  EXPECT_THAT(changes_, ElementsAre("Changing permissions of [" + (root_ / "info").string() + "] to mode [700]",
                                    "Creating directory [" + (root_ / "mess/1").string() + "]"));
  EXPECT_EQ(mode("info"), 0700u);
  EXPECT_EQ(mode("mess/1"), 0750u);
}

TEST_F(Repair, ChangesNothingThatIsNotApproved) {
  run(small_);
  ::chmod((root_ / "info").c_str(), 0755);
  fs::remove_all(root_ / "mess");
  const Tally tally = run(small_, Orders{[](const Finding&) { return false; }, nullptr});
  EXPECT_EQ(tally.found, 2u);  // what stands below a missing directory is not counted
  EXPECT_EQ(tally.repaired, 0u);
  EXPECT_FALSE(tally.sound());
  EXPECT_EQ(mode("info"), 0755u);
  EXPECT_FALSE(fs::exists(root_ / "mess"));
}

TEST_F(Repair, LeavesPlainFilesAloneUnlessAskedToLook) {
  run(small_);
  put("mess/0/17", 0666);
  EXPECT_EQ(run(small_).found, 0u);
  EXPECT_TRUE(run(small_, kLookInside).sound());
  EXPECT_EQ(mode("mess/0/17"), 0644u);
}

TEST_F(Repair, AcceptsTheTwoNamesOfAnEnvelopeButTouchesNoFileWithMore) {
  run(small_);
  put("intd/0/17", 0666);
  fs::create_hard_link(root_ / "intd/0/17", root_ / "todo/0/17");
  EXPECT_TRUE(run(small_, kLookInside).sound());
  EXPECT_EQ(mode("todo/0/17"), 0644u);

  put("mess/0/18", 0600);
  fs::create_hard_link(root_ / "mess/0/18", base_ / "elsewhere");
  EXPECT_FALSE(run(small_, kLookInside).sound());
  EXPECT_EQ(mode("mess/0/18"), 0600u);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("has 2 names")));
}

TEST_F(Repair, FollowsNoSymbolicLink) {
  run(small_);
  const fs::path outside = base_ / "outside";
  fs::create_directory(outside);
  ::chmod(outside.c_str(), 0711);
  fs::remove_all(root_ / "mess");
  fs::create_directory_symlink(outside, root_ / "mess");
  fs::create_symlink(outside, root_ / "pid/link");
  EXPECT_FALSE(run(small_, kLookInside).sound());
  EXPECT_TRUE(fs::is_empty(outside));
  EXPECT_EQ(fs::status(outside).permissions(), static_cast<fs::perms>(0711));
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("mess] is no directory"), HasSubstr("pid/link] is no plain file")));
}

TEST_F(Repair, SaysWhatStandsInTheWay) {
  run(small_);
  fs::remove(root_ / "lock/trigger");
  put("lock/trigger", 0622);
  fs::resize_file(root_ / "lock/tcpto", 5);
  EXPECT_FALSE(run(small_).sound());
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("lock/tcpto] has 5 octets instead of 2048"),
                                       HasSubstr("lock/trigger] is no fifo")));
}

TEST_F(Repair, DoesNotMakeTheParentOfTheQueueDirectory) {
  root_ = base_ / "no/such/queue1";
  const Tally tally = run(small_);
  EXPECT_EQ(tally.failed, 1u);
  EXPECT_THAT(complaints_, ElementsAre(HasSubstr("No such file or directory")));
}

TEST_F(Repair, GivesEachPlaceItsOwnerAndGroupAsRoot) {
  const auto owners = Owners::find();
  if (::geteuid() != 0 || !owners) GTEST_SKIP() << "needs root and the users of `sluice setup`";
  const Orders orders{.approve = [](const Finding&) { return true; }, .complain = [](std::string_view) {}};
  EXPECT_TRUE(repair(root_, small_, *owners, orders).sound());
  for (const Place& place : small_) {
    struct stat status {};
    ASSERT_EQ(::lstat((root_ / place.path).c_str(), &status), 0) << place.path;
    EXPECT_EQ(status.st_uid, owners->uid(place.owner)) << place.path;
    EXPECT_EQ(status.st_gid, owners->gid(place.group)) << place.path;
  }
}

TEST(MissingAccounts, AreNamedInOneSentence) {
  EXPECT_EQ((MissingAccounts{{"qmails", "qmailq"}, {"qmail"}}.to_text()),
            "users qmails, qmailq and group qmail do not exist; `sluice setup` makes them");
  EXPECT_EQ((MissingAccounts{{}, {"nofiles"}}.to_text()), "group nofiles does not exist; `sluice setup` makes it");
}

}  // namespace
}  // namespace sluice::layout
