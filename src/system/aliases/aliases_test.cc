#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/local/aliases.h"
#include "system/aliases/rebuild.h"
#include "system/aliases/table.h"

namespace sluice::aliases {
namespace {

namespace fs = std::filesystem;

class AliasesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-aliases-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    directory_ = pattern;
    source_ = directory_ + "/aliases";
    database_ = directory_ + "/aliases.cdb";
  }
  void TearDown() override { fs::remove_all(directory_); }
  Result<Rebuilt, RebuildError> rebuild_with(const char* text) {
    std::ofstream(source_) << text;
    fs::permissions(source_, fs::perms(0644));
    return rebuild(source_, database_);
  }
  std::string directory_, source_, database_;
};

TEST_F(AliasesTest, TableGivesWhatWasBuilt) {
  const auto rebuilt = rebuild_with("Root: joe\npostmaster: root, a@b\n");
  ASSERT_TRUE(rebuilt);
  EXPECT_EQ(rebuilt->names, 2u);
  EXPECT_EQ(fs::status(database_).permissions(), fs::perms(0644));
  const auto table = Table::open(database_);
  ASSERT_TRUE(table);
  const auto expansion = table->expand("Postmaster");
  ASSERT_TRUE(expansion);
  EXPECT_EQ(expansion->targets,
            (std::vector<local::AliasTarget>{{local::Self{"joe"}, ""}, {local::Forward{"a@b"}, ""}}));
  EXPECT_FALSE(table->expand("joe")->is_alias);
}

TEST_F(AliasesTest, ErrorsAreAllShownAndTheOldDatabaseStays) {
  ASSERT_TRUE(rebuild_with("a: b\n"));
  const auto rebuilt = rebuild_with("a: c\nbad\nb c: d\n");
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().problem, RebuildProblem::kText);
  EXPECT_EQ(rebuilt.error().lines[0], source_ + ": line 2, column 1: a name and ':' must begin the line");
  EXPECT_EQ(rebuilt.error().lines.size(), 2u);
  EXPECT_EQ(Table::open(database_)->expand("a")->targets[0].action, local::Action(local::Self{"b"}));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), {}), 2);
}

TEST_F(AliasesTest, LoopsAreWarnings) {
  const auto rebuilt = rebuild_with("a: b\nb: a\n");
  ASSERT_TRUE(rebuilt);
  EXPECT_EQ(rebuilt->warnings,
            (std::vector<std::string>{source_ + ": these aliases lead back to themselves: a -> b -> a"}));
}

TEST_F(AliasesTest, SourceThatEverybodyMayWriteOrThatIsMissingIsRefused) {
  ASSERT_TRUE(rebuild_with("a: b\n"));
  fs::permissions(source_, fs::perms(0666));
  EXPECT_EQ(rebuild(source_, database_).error().problem, RebuildProblem::kSource);
  fs::remove(source_);
  EXPECT_EQ(rebuild(source_, database_).error().problem, RebuildProblem::kSource);
  ASSERT_EQ(::mkfifo(source_.c_str(), 0600), 0);
  EXPECT_EQ(rebuild(source_, database_).error().problem, RebuildProblem::kSource);
}

TEST_F(AliasesTest, DatabaseThatCannotBeWrittenIsToldApart) {
  database_ = directory_ + "/none/aliases.cdb";
  EXPECT_EQ(rebuild_with("a: b\n").error().problem, RebuildProblem::kDatabase);
}

TEST_F(AliasesTest, TableFollowsTheDatabase) {
  auto table = Table::open(database_);
  ASSERT_TRUE(table);
  EXPECT_FALSE(table->expand("a")->is_alias);
  ASSERT_TRUE(rebuild_with("a: b\n"));
  EXPECT_TRUE(table->refresh());
  EXPECT_TRUE(table->expand("a")->is_alias);
  std::ofstream(database_ + ".new") << "damaged";
  fs::rename(database_ + ".new", database_);
  EXPECT_FALSE(table->refresh());
  EXPECT_TRUE(table->expand("a")->is_alias);
  EXPECT_FALSE(Table::open(database_));
}

TEST_F(AliasesTest, StaleIsATextThatIsNewerThanItsDatabase) {
  EXPECT_FALSE(is_stale(source_, database_));
  std::ofstream{source_} << "a: b\n";
  EXPECT_TRUE(is_stale(source_, database_));
  ASSERT_TRUE(rebuild_with("a: b\n"));
  EXPECT_FALSE(is_stale(source_, database_));
  fs::last_write_time(source_, fs::last_write_time(database_) + std::chrono::seconds(1));
  EXPECT_TRUE(is_stale(source_, database_));
}

}  // namespace
}  // namespace sluice::aliases
