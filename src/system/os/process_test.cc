#include "system/os/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "system/os/fd.h"

namespace sluice::os {
namespace {

// Runs a shell script with the given descriptors (besides 1, which is collected) and gives what it printed.
std::string output_of(Program program, const std::string& script) {
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return "no pipe";
  Fd reading(both[0]), writing(both[1]);
  program.path = "/bin/sh";
  program.arguments = {"sh", "-c", script};
  program.descriptors.emplace_back(writing.get(), 1);
  const auto child = spawn(program);
  writing.reset();
  if (!child) return child.error().what;
  std::string output;
  char some[4096];
  for (ssize_t n; (n = ::read(reading.get(), some, sizeof some)) > 0;) output.append(some, static_cast<std::size_t>(n));
  wait_for(*child);
  return output;
}

TEST(Spawn, GivesTheProgramItsEnvironmentAndNothingElse) {
  Program program;
  program.environment.set("ONLY", "this one");
  EXPECT_EQ(output_of(program, "echo $ONLY$HOME"), "this one\n");
}

TEST(Spawn, PutsDescriptorsInPlaceThoughTheyCrossAndClosesTheRest) {
  Fd zero(::open("/dev/zero", O_RDONLY)), null(::open("/dev/null", O_RDWR));
  Program program;
  program.environment.set("PATH", "/usr/bin:/bin");
  // Each takes the number that the other has now.
  program.descriptors = {{zero.get(), null.get()}, {null.get(), zero.get()}};
  const std::string a = std::to_string(zero.get()), b = std::to_string(null.get());
  EXPECT_EQ(output_of(program, "readlink /proc/$$/fd/" + a + " /proc/$$/fd/" + b + "; ls /proc/$$/fd; true"),
            "/dev/null\n/dev/zero\n1\n" + a + "\n" + b + "\n");
}

TEST(Spawn, FailsWhenTheProgramCannotBeExecutedAndLeavesNoProcess) {
  Program program;
  program.path = "/no/such/program";
  program.arguments = {"program"};
  const auto child = spawn(program);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, ENOENT);
  EXPECT_EQ(child.error().what, "cannot execute /no/such/program: No such file or directory");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Spawn, FailsWhenTheDirectoryIsMissing) {
  Program program;
  program.path = "/bin/true";
  program.arguments = {"true"};
  program.directory = "/no/such/directory";
  const auto child = spawn(program);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().what, "cannot start /bin/true in /no/such/directory: No such file or directory");
}

TEST(Spawn, SetsSignalsAndFileMaskBack) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  Program program;
  program.environment.set("PATH", "/usr/bin:/bin");
  program.file_mask = 077;
  EXPECT_EQ(output_of(program, "umask; exec grep -E '^Sig(Blk|Ign)' /proc/self/status"),
            "0077\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  std::signal(SIGPIPE, before);
}

TEST(Spawn, HoldsSignalsThatTheProgramWillAskFor) {
  Program program;
  program.held_signals = {SIGHUP};
  EXPECT_EQ(output_of(program, "kill -HUP $$; echo lives"), "lives\n");
  program.held_signals = {};
  EXPECT_EQ(output_of(program, "kill -HUP $$; echo lives"), "");
}

TEST(ReplaceWith, LeavesNoMomentAtWhichAHeldSignalEndsTheProcess) {
  const auto before = std::signal(SIGHUP, [](int) {});
  Program program;
  program.path = "/bin/true";
  program.arguments = {"true"};
  program.held_signals = {SIGHUP};
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      replace_with(program);
      ::_exit(1);
    }
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) ::kill(child, SIGHUP);
    ASSERT_TRUE(WIFEXITED(status)) << describe_end(status);
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  std::signal(SIGHUP, before);
}

TEST(Spawn, BecomesSomebodyElseWithExactlyOneGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  Program program;
  program.environment.set("PATH", "/usr/bin:/bin");
  program.identity = Identity{54321, 54322};
  EXPECT_EQ(output_of(program, "id -u; id -g; id -G"), "54321\n54322\n54322\n");
}

TEST(Spawn, ExecutesForSomebodyElseWhatOnlyRootCanReach) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  char directory[] = "/tmp/process_test_XXXXXX";  // 0700
  ASSERT_NE(::mkdtemp(directory), nullptr);
  Program program;
  program.path = std::string(directory) + "/true";
  std::filesystem::copy_file("/bin/true", program.path);
  program.arguments = {"true"};
  program.identity = Identity{54321, 54322};
  const auto child = spawn(program);
  EXPECT_TRUE(child) << child.error().what;
  if (child) {
    EXPECT_EQ(wait_for(*child), 0);
  }
  std::filesystem::permissions(program.path, std::filesystem::perms(0700));
  const auto refused = spawn(program);  // the file itself is not for them
  EXPECT_FALSE(refused);
  if (!refused) {
    EXPECT_EQ(refused.error().code, EACCES);
  }
  std::filesystem::remove_all(directory);
}

TEST(Spawn, TellsTheProgramOfItsParentsDeathAlsoAfterABecoming) {
  // A starter that dies leaves a child that would sleep for long; the pipe closes when the child is gone.
  int both[2];
  ASSERT_EQ(::pipe2(both, O_CLOEXEC), 0);
  Fd reading(both[0]), writing(both[1]);
  const pid_t starter = ::fork();
  if (starter == 0) {
    Program program;
    program.path = "/bin/sleep";
    program.arguments = {"sleep", "60"};
    program.descriptors = {{writing.get(), 1}};
    program.parent_death_signal = SIGTERM;
    if (::geteuid() == 0) program.identity = Identity{54321, 54322};
    ::_exit(spawn(program) ? 0 : 1);
  }
  writing.reset();
  EXPECT_EQ(wait_for(starter), 0);
  ::alarm(20);
  char nothing;
  EXPECT_EQ(::read(reading.get(), &nothing, 1), 0);
  ::alarm(0);
}

TEST(FindProgram, SearchesThePathAndTakesNamesWithSlashesAsTheyStand) {
  EXPECT_EQ(find_program("sh", "/nowhere:/bin"), "/bin/sh");
  EXPECT_EQ(find_program("no-such-program", "/bin:/usr/bin"), "");
  EXPECT_EQ(find_program("./x", "/bin"), "./x");
}

TEST(Environment, ReplacesAndForgetsByWholeName) {
  Environment environment;
  environment.set("A", "1");
  environment.set("AB", "2");
  environment.set("A", "3");
  environment.unset("B");
  EXPECT_EQ(environment.find("A"), "3");
  EXPECT_EQ(environment.find("AB"), "2");
  environment.unset("A");
  EXPECT_EQ(environment.find("A"), std::nullopt);
  EXPECT_EQ(environment.entries().size(), 1u);
}

TEST(EndOfAProcess, IsDescribedForPeople) {
  EXPECT_EQ(describe_end(W_EXITCODE(3, 0)), "exited with status 3");
  EXPECT_EQ(describe_end(W_EXITCODE(0, SIGKILL)), "killed by signal 9");
}

}  // namespace
}  // namespace sluice::os
