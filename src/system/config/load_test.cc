#include "system/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An instance directory and an environment of its own.
class Instance : public testing::Test {
 protected:
  Instance() {
    std::string pattern = testing::TempDir() + "sluice-config-XXXXXX";
    home_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(home_ + "/etc/control");
    variables_.set("SLUICE_HOME", home_);
  }
  ~Instance() override { std::filesystem::remove_all(home_); }

  void write(const std::string& path, const std::string& contents) const {
    std::ofstream(home_ + "/" + path, std::ios::binary) << contents;
  }
  Environment environment(bool trusted = true) const { return {variables_, trusted}; }
  Settings settings_of(const Overrides& overrides = {}) const {
    const auto loaded = load(overrides, environment());
    EXPECT_TRUE(loaded) << problem_lines("test", loaded ? Problems{} : loaded.error());
    return loaded ? loaded->settings : Settings{};
  }
  std::string problems_of(const Overrides& overrides = {}, bool trusted = true) const {
    const auto loaded = load(overrides, environment(trusted));
    return loaded ? "" : problem_lines("test", loaded.error());
  }

  std::string home_;
  os::Environment variables_;
};

TEST_F(Instance, IsReadFromAllItsSources) {
  write("etc/sluice.toml", "me = \"mx.example.net\"\nqueue_count = 2\n[smtp]\nlisten = [\"127.0.0.1:2525\"]\n");
  write("etc/control/rcpthosts", "example.net\n");
  variables_.set("QUEUE_START", "3");
  const Settings s = settings_of({{"queuelifetime", "1d"}});
  EXPECT_EQ(s.home, home_);
  EXPECT_EQ(s.me, "mx.example.net");
  EXPECT_EQ(s.queue_count, 2u);
  EXPECT_EQ(s.queue_start, 3u);
  EXPECT_THAT(s.rcpthosts, ElementsAre("example.net"));
  EXPECT_EQ(s.queuelifetime, std::chrono::hours(24));
  EXPECT_EQ(s.smtp_listen.size(), 1u);
}

TEST_F(Instance, IsFoundByTheCommandLineBeforeTheEnvironment) {
  variables_.set("SLUICE_HOME", "/nonexistent");
  EXPECT_EQ(settings_of({{"home", home_ + "/"}}).home, home_);
  EXPECT_THAT(problems_of(), HasSubstr("home: /nonexistent is not a directory; sluice init makes an instance"));
}

TEST_F(Instance, WhoseHomeCannotBeReachedIsOneProblemAndNotOneForEachFile) {
  std::filesystem::create_symlink("loop", home_ + "/loop");  // as root, too; another user meets "Permission denied"
  variables_.set("SLUICE_HOME", home_ + "/loop/instance");
  const std::string lines = problems_of();
  EXPECT_THAT(lines,
              HasSubstr("home: " + home_ + "/loop/instance cannot be reached: Too many levels of symbolic links"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1) << lines;
}

TEST_F(Instance, KeepsItsControlFilesWhereItIsTold) {
  std::filesystem::create_directories(home_ + "/elsewhere");
  write("elsewhere/me", "mx.example.net\n");
  write("etc/control/me", "other.example.net\n");
  write("etc/sluice.toml", "control_dir = \"elsewhere\"\n");
  EXPECT_EQ(settings_of().me, "mx.example.net");
  variables_.set("CONTROLDIR", home_ + "/etc/control");
  EXPECT_EQ(settings_of().me, "other.example.net");
  variables_.set("CONTROLDIR", "/nonexistent");
  EXPECT_THAT(problems_of(),
              HasSubstr("environment variable CONTROLDIR: control_dir: /nonexistent is not a directory"));
}

TEST_F(Instance, WithMistakesInSeveralFilesReportsThemAll) {
  write("etc/sluice.toml", "queue_count = 0\nnonsense = 1\n");
  write("etc/control/concurrencylocal", "x\n");
  ASSERT_EQ(::mkfifo((home_ + "/etc/control/locals").c_str(), 0600), 0);
  const std::string problems = problems_of();
  EXPECT_THAT(problems, HasSubstr("etc/sluice.toml:1:15: queue_count: the value is too small"));
  EXPECT_THAT(problems, HasSubstr("etc/sluice.toml:2:1: there is no setting \"nonsense\"\n"));
  EXPECT_THAT(problems, HasSubstr("etc/control/concurrencylocal:1:1: concurrencylocal:"));
  EXPECT_THAT(problems, HasSubstr("etc/control/locals: cannot read this file: not a regular file\n"));
}

TEST_F(Instance, WithBinaryFilesIsRefused) {
  write("etc/control/locals", std::string("a\0b\n", 4));
  EXPECT_THAT(problems_of(), HasSubstr("holds a NUL octet"));
}

TEST_F(Instance, HasControlFilesForTheQueueOfADaemon) {
  write("etc/control/concurrencylocal", "30\n");
  write("etc/control/concurrencyl.queue2", "7\n");
  EXPECT_EQ(settings_of().concurrencylocal, 30u);
  variables_.set("QUEUEDIR", home_ + "/queue/queue2");
  EXPECT_EQ(settings_of().concurrencylocal, 7u);
  variables_.set("QUEUEDIR", home_ + "/queue/queue3");
  EXPECT_EQ(settings_of().concurrencylocal, 30u);
  variables_.set("QUEUEDIR", home_ + "/queue/");
  EXPECT_EQ(settings_of().concurrencylocal, 30u);
}

TEST_F(Instance, KeepsOldSettingsWhenAReloadFails) {
  write("etc/control/concurrencyremote", "30\n");
  Reloadable settings({}, environment(), load({}, environment()).value());
  write("etc/control/concurrencyremote", "thirty\n");
  const auto failed = settings.reload();
  ASSERT_FALSE(failed);
  EXPECT_THAT(problem_lines("test", failed.error()), HasSubstr("concurrencyremote:1:1"));
  EXPECT_EQ(settings.settings().concurrencyremote, 30u);
}

TEST_F(Instance, TakesOverAtAReloadWhatNeedsNoRestart) {
  Reloadable settings({}, environment(), load({}, environment()).value());
  write("etc/sluice.toml", "concurrencyremote = 40\nqueue_count = 2\n");
  const auto report = settings.reload();
  ASSERT_TRUE(report);
  EXPECT_THAT(report->changed, ElementsAre("concurrencyremote"));
  EXPECT_THAT(report->need_restart, ElementsAre("queue_count"));
  EXPECT_EQ(settings.settings().concurrencyremote, 40u);
  EXPECT_EQ(settings.settings().queue_count, 1u);
}

TEST_F(Instance, TakesAVariableByItsOlderNameUnlessTheNewOneIsSet) {
  variables_.set("QUEUE_LOAD", "50");
  EXPECT_EQ(settings_of().max_load, 50u);
  variables_.set("MAX_LOAD", "80");
  EXPECT_EQ(settings_of().max_load, 80u);
}

TEST_F(Instance, IsTheSameForChildrenAsForTheirSupervisor) {
  const Overrides overrides{{"home", home_}, {"queuelifetime", "1d"}, {"locals", "a.test b.test"}};
  const Settings ours = settings_of(overrides);
  variables_ = {};
  hand_down(overrides, ours, variables_);
  EXPECT_EQ(settings_of(), ours);
  EXPECT_EQ(settings_of({{"queuelifetime", "2d"}}).queuelifetime, std::chrono::hours(48));
}

TEST_F(Instance, IsNotTakenFromTheEnvironmentOfASetUserIdProgramUnlessItIsSafe) {
  variables_.set("SLUICE_OPTIONS", "queue_count=5");
  variables_.set("CONTROLDIR", "/nonexistent");
  ASSERT_EQ(::chmod(home_.c_str(), 0755), 0);
  const auto loaded = load({}, environment(false));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->settings.queue_count, 1u);
  ASSERT_EQ(::chmod(home_.c_str(), 0777), 0);
  EXPECT_THAT(problems_of({}, false), HasSubstr("must belong to root and be writable for nobody else"));
}

TEST(Override, IsANameAndAValue) {
  EXPECT_EQ(parse_override("a=b=c")->value, "b=c");
  EXPECT_EQ(parse_override("a=")->value, "");
  EXPECT_FALSE(parse_override("a"));
  EXPECT_FALSE(parse_override("=b"));
  EXPECT_FALSE(parse_override("a=b\nc=d"));
}

}  // namespace
}  // namespace sluice::config
