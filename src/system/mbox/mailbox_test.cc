#include "system/mbox/mailbox.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "system/mbox/mbox_for_tests.h"
#include "system/os/fd.h"

namespace sluice::mbox {
namespace {

namespace fs = std::filesystem;

TEST_F(MboxTest, MessagesFollowOneAnother) {
  ASSERT_TRUE(put("a@b", "Subject: x\n\nFrom me\n>From you\n"));
  ASSERT_TRUE(put("c@d", "no line end"));
  EXPECT_EQ(content(), stored("a@b", "Subject: x\n\n>From me\n>>From you\n") + stored("c@d", "no line end\n"));
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms(0600));
  EXPECT_EQ(files(), 1u);
}

TEST_F(MboxTest, CrlfBodiesAreStoredWithLf) {
  Letter letter = letter_from("a@b");
  letter.line_form = mail::LineForm::kCrlf;
  ASSERT_TRUE(deliver(path_, letter, pieces({"A: b\r", "\n\r\nFr", "om x\r\n"}), kOnce));
  EXPECT_EQ(content(), stored("a@b", "A: b\n\n>From x\n"));
}

TEST_F(MboxTest, ForeignMessageWithoutItsEmptyLineDoesNotSwallowOurs) {
  for (const char* tail : {"x", "x\n", "x\n\n"}) {
    set_content("From z\n\n" + std::string(tail));
    ASSERT_TRUE(put("a@b", "y\n"));
    EXPECT_EQ(content(), "From z\n\nx\n\n" + stored("a@b", "y\n"));
  }
}

TEST_F(MboxTest, LargeMessageIsWhole) {
  ASSERT_TRUE(
      deliver(path_, letter_from("a@b"), pieces(std::vector<std::string>(1000, std::string(4095, 'x') + "\n")), kOnce));
  EXPECT_EQ(content().size(), stored("a@b", "").size() + 4'096'000);
}

TEST_F(MboxTest, LoopIsPermanentAndLeavesTheMailboxAsItWas) {
  set_content("From z\n\nx\n\n");
  Letter letter = letter_from("a@b");
  letter.delivered_to = "joe@h";
  const auto result = deliver(path_, letter, pieces({"Delivered-To: joe@h\n\n"}), kOnce);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kLoop);
  EXPECT_EQ(to_outcome(result.error()).verdict, mail::Verdict::kFailed);
  EXPECT_EQ(content(), "From z\n\nx\n\n");
}

TEST_F(MboxTest, UnreadableSourceLeavesTheMailboxAsItWas) {
  set_content("From z\n\nx\n\n");
  int calls = 0;
  const Source broken = [&]() -> Result<Octets, std::string> {
    if (++calls < 100) return Octets("0123456789012345678901234567890123456789012345678901234567890123456789\n");
    return fail(std::string("the link broke"));
  };
  const auto result = deliver(path_, letter_from("a@b"), broken, kOnce);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kSource);
  EXPECT_EQ(content(), "From z\n\nx\n\n");
}

TEST_F(MboxTest, FileSizeLimitIsQuotaAndLeavesTheMailboxAsItWas) {
  set_content("From z\n\nx\n\n");
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto result = put("a@b", std::string(200'000, 'x'));
    return !result && result.error().reason == Reason::kQuota;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(content(), "From z\n\nx\n\n");
}

TEST_F(MboxTest, WhatIsNoMailboxIsRefusedAndNobodyIsWaitedFor) {
  const auto reason = [&] {
    const auto result = put("a@b", "x");
    return result ? "none" : result.error().text;
  };
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(reason(), "The mailbox is not a regular file. (#4.2.1)");
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_EQ(reason(), "Unable to open the mailbox: Is a directory. (#4.2.1)");
  fs::remove(path_);
  set_content("");
  fs::create_hard_link(path_, home_ + "/other");
  EXPECT_EQ(reason(), "The mailbox has more than one name. (#4.2.1)");
  path_ = home_ + "/none/Mailbox";
  EXPECT_EQ(reason(), "Unable to open the directory of the mailbox: No such file or directory. (#4.2.1)");
  path_ = "/dev/zero";
  EXPECT_FALSE(put("a@b", "x"));
}

TEST_F(MboxTest, DevNullTakesEverything) {
  EXPECT_TRUE(deliver("/dev/null", letter_from("a@b"), pieces({"x"}), kOnce));
  EXPECT_EQ(*recover("/dev/null", kOnce), Recovered::kNothing);
}

TEST_F(MboxTest, OwnLinkIsFollowedAndStrangersIsNot) {
  set_content("");
  const std::string link = home_ + "/link";
  fs::create_symlink("Mailbox", link);
  ASSERT_TRUE(deliver(link, letter_from("a@b"), pieces({"x\n"}), kOnce));
  EXPECT_EQ(content(), stored("a@b", "x\n"));
  EXPECT_TRUE(fs::is_symlink(link));
  if (::getuid() != 0) GTEST_SKIP() << "the rest needs root";
  ASSERT_EQ(::lchown(link.c_str(), 65533, 65533), 0);
  fs::permissions(home_, fs::perms(0777));
  fs::permissions(path_, fs::perms(0666));
  EXPECT_EQ(in_child([&] {
              if (::setgid(65534) != 0 || ::setuid(65534) != 0) return false;
              const auto result = deliver(link, letter_from("a@b"), pieces({"x\n"}), kOnce);
              return !result && result.error().reason == Reason::kNotAMailbox;
            }),
            0);
}

TEST_F(MboxTest, FcntlLockOfAReaderIsWaitedForByTries) {
  set_content("");
  const os::Fd reader(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_RDLCK;
  // The classic kind, which mail readers take; a process's own does not stop itself, so the delivery is a child.
  ASSERT_EQ(::fcntl(reader.get(), F_SETLK, &lock), 0);
  EXPECT_EQ(in_child([&] {
              const auto result = put("a@b", "x");
              return !result && result.error().reason == Reason::kLocked;
            }),
            0);
  lock.l_type = F_UNLCK;
  ASSERT_EQ(::fcntl(reader.get(), F_SETLK, &lock), 0);
  EXPECT_TRUE(put("a@b", "x"));
}

TEST_F(MboxTest, DotLockOfTheLivingIsRespectedAndOfTheDeadBroken) {
  const auto lock_with = [&](const std::string& text) { std::ofstream(path_ + ".lock") << text; };
  lock_with(std::to_string(::getppid()) + "\n");
  EXPECT_EQ(put("a@b", "x").error().reason, Reason::kLocked);
  lock_with("");
  EXPECT_EQ(put("a@b", "x").error().reason, Reason::kLocked);
  fs::last_write_time(path_ + ".lock", fs::file_time_type::clock::now() - std::chrono::minutes(6));
  EXPECT_TRUE(put("a@b", "x\n"));
  EXPECT_FALSE(fs::exists(path_ + ".lock"));
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  lock_with(std::to_string(dead) + "\n");
  EXPECT_TRUE(put("a@b", "x\n"));
}

TEST_F(MboxTest, DirectoryThatIsNotOursStillTakesMailIntoAnExistingFile) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  set_content("");
  ASSERT_EQ(::chown(path_.c_str(), 65534, 65534), 0);
  fs::permissions(home_, fs::perms(0755));
  EXPECT_EQ(in_child([&] { return ::setgid(65534) == 0 && ::setuid(65534) == 0 && put("a@b", "x\n").has_value(); }), 0);
  EXPECT_EQ(content(), stored("a@b", "x\n"));
}

TEST_F(MboxTest, ManyWritersAtOnceLoseNothing) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    for (int j = 0; j < 10; ++j)
      if (!deliver(path_, letter_from("a@b"), pieces({std::string(5000, 'x') + "\n"}),
                   {10'000, std::chrono::milliseconds(2)}))
        ::_exit(1);
    ::_exit(0);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  std::string expected;
  for (int i = 0; i < 40; ++i) expected += stored("a@b", std::string(5000, 'x') + "\n");
  EXPECT_EQ(content(), expected);
}

}  // namespace
}  // namespace sluice::mbox
