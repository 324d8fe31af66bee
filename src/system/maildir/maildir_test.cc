#include "system/maildir/maildir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace sluice::maildir {
namespace {

namespace fs = std::filesystem;
using ::testing::MatchesRegex;

Source pieces(std::vector<std::string> texts) {
  return [texts = std::move(texts), next = std::size_t{0}]() mutable -> Result<Octets, std::string> {
    while (next < texts.size() && texts[next].empty()) ++next;
    return next < texts.size() ? Octets(texts[next++]) : Octets{};
  };
}

constexpr const char* kBody = "Subject: x\r\n\r\nline one\r\nline two\r\n";

// A new directory for each test, gone at its end. `home` belongs to whoever delivers.
class MaildirTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-maildir-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern), nullptr);
    home_ = pattern;
    path_ = home_ + "/Maildir";
  }
  void TearDown() override { fs::remove_all(home_); }

  void make() {
    for (const char* name : {"", "/tmp", "/new", "/cur"}) fs::create_directory(path_ + name);
  }
  Result<std::string, Trouble> deliver_pieces(std::vector<std::string> texts, Letter letter = {},
                                              Missing missing = Missing::kDefer) {
    return deliver(path_, missing, letter, {"mx.example.net", ++sequence_}, pieces(std::move(texts)));
  }
  Reason reason(std::vector<std::string> texts, Letter letter = {}) {
    return deliver_pieces(std::move(texts), std::move(letter)).error().reason;
  }
  std::size_t count(const std::string& folder) const {
    const fs::directory_iterator entries(path_ + "/" + folder);
    return static_cast<std::size_t>(std::distance(fs::begin(entries), fs::end(entries)));
  }
  std::string content(const std::string& name) const {
    std::ifstream file(path_ + "/new/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void expect_nothing_left() const {
    EXPECT_EQ(count("tmp"), 0u);
    EXPECT_EQ(count("new"), 0u);
  }

  // Runs `body` in a child process, which may change its rights and limits; true if it returned true.
  template <class Body>
  static bool in_child(Body body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  static bool become_nobody() { return ::getuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0); }

  std::string home_, path_;
  std::uint64_t sequence_ = 0;
};

TEST_F(MaildirTest, MessageArrivesInNewWithItsHeaderOnTopAndLfLines) {
  make();
  const auto name = deliver_pieces({kBody}, {"Return-Path: <a@b>\nDelivered-To: c@d\n", "c@d", mail::LineForm::kCrlf});
  ASSERT_TRUE(name) << name.error().text;
  EXPECT_EQ(content(*name), "Return-Path: <a@b>\nDelivered-To: c@d\nSubject: x\n\nline one\nline two\n");
  EXPECT_EQ(count("tmp"), 0u);
  EXPECT_EQ(count("new"), 1u);
}

TEST_F(MaildirTest, NameTellsTheSizeAndTheFileIsPrivate) {
  make();
  const auto name = deliver_pieces({kBody});
  EXPECT_THAT(*name, MatchesRegex("[0-9]+\\.M[0-9]+P[0-9]+Q1\\.mx\\.example\\.net,S=30"));
  struct stat status {};
  ASSERT_EQ(::stat((path_ + "/new/" + *name).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  EXPECT_EQ(status.st_size, 30);
}

TEST_F(MaildirTest, EveryCutOfTheBodyGivesTheSameFile) {
  make();
  const std::string body = kBody;
  for (std::size_t cut = 0; cut <= body.size(); ++cut)
    EXPECT_EQ(content(*deliver_pieces({body.substr(0, cut), body.substr(cut)})), "Subject: x\n\nline one\nline two\n");
}

TEST_F(MaildirTest, BodyInLfFormIsKeptAsItIs) {
  make();
  const auto name = deliver_pieces({"A: b\n\nc\r\nd\n"}, {"", "", mail::LineForm::kLf});
  EXPECT_EQ(content(*name), "A: b\n\nc\r\nd\n");
}

TEST_F(MaildirTest, LargeMessageIsWhole) {
  make();
  std::vector<std::string> texts(1000, std::string(4094, 'x') + "\r\n");
  const auto name = deliver_pieces(texts);
  EXPECT_EQ(content(*name).size(), 1000u * 4095);
}

TEST_F(MaildirTest, DeliveredToOfThisMailboxIsAPermanentFailure) {
  make();
  const auto result = deliver_pieces({"Delivered-", "To: c@D\r\n\r\nx\r\n"}, {"H: h\n", "c@d", mail::LineForm::kCrlf});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kLoop);
  EXPECT_FALSE(result.error().temporary());
  EXPECT_EQ(result.error().code, (mail::EnhancedCode{5, 4, 6}));
  EXPECT_EQ(to_outcome(result.error()).verdict, mail::Verdict::kFailed);
  expect_nothing_left();
}

TEST_F(MaildirTest, MissingMaildirIsDeferred) {
  const auto result = deliver_pieces({kBody});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kMissing);
  EXPECT_TRUE(result.error().temporary());
  EXPECT_EQ(result.error().text, "Unable to chdir to maildir: No such file or directory. (#4.2.1)");
  EXPECT_EQ(to_outcome(result.error()).verdict, mail::Verdict::kDeferred);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(MaildirTest, MissingMaildirIsMadeWhenAsked) {
  ASSERT_TRUE(deliver_pieces({kBody}, {}, Missing::kCreate));
  EXPECT_EQ(count("new"), 1u);
  EXPECT_EQ(count("cur"), 0u);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  fs::remove(path_ + "/tmp");
  EXPECT_TRUE(deliver_pieces({kBody}, {}, Missing::kCreate));
}

TEST_F(MaildirTest, WhatIsNoDirectoryIsToldApart) {
  std::ofstream(path_) << "mbox";
  EXPECT_EQ(reason({kBody}), Reason::kNotAMailbox);
}

TEST_F(MaildirTest, FifoInPlaceOfAMaildirDoesNotBlock) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(reason({kBody}), Reason::kNotAMailbox);
}

TEST_F(MaildirTest, SymbolicLinksInsideAreNotFollowed) {
  make();
  fs::create_directory(home_ + "/elsewhere");
  fs::remove(path_ + "/tmp");
  fs::create_directory_symlink(home_ + "/elsewhere", path_ + "/tmp");
  EXPECT_EQ(reason({kBody}), Reason::kNotAMailbox);
  EXPECT_TRUE(fs::is_empty(home_ + "/elsewhere"));
}

TEST_F(MaildirTest, MaildirItselfMayBeASymbolicLink) {
  make();
  fs::rename(path_, home_ + "/real");
  fs::create_directory_symlink(home_ + "/real", path_);
  EXPECT_TRUE(deliver_pieces({kBody}));
}

TEST_F(MaildirTest, UnreadableSourceLeavesNothing) {
  make();
  int calls = 0;
  const Source broken = [&calls]() -> Result<Octets, std::string> {
    if (++calls == 1) return Octets(kBody);
    return fail(std::string("the link broke"));
  };
  const auto result = deliver(path_, Missing::kDefer, {}, {"h", 1}, broken);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, Reason::kSource);
  EXPECT_TRUE(result.error().temporary());
  expect_nothing_left();
}

TEST_F(MaildirTest, UnwritableMaildirIsDeferredForAnOrdinaryUser) {
  make();
  for (const char* name : {"", "/tmp", "/new"}) fs::permissions(path_ + name, fs::perms(0555));
  fs::permissions(home_, fs::perms(0755));
  EXPECT_TRUE(in_child([&] { return become_nobody() && reason({kBody}) == Reason::kDenied; }));
  expect_nothing_left();
  fs::permissions(path_, fs::perms(0755));
}

TEST_F(MaildirTest, NewThatCannotBeWrittenLeavesNothingInTmp) {
  make();
  fs::permissions(home_, fs::perms(0755));
  fs::permissions(path_ + "/tmp", fs::perms(0777));
  fs::permissions(path_ + "/new", fs::perms(0555));
  EXPECT_TRUE(in_child([&] { return become_nobody() && reason({kBody}) == Reason::kDenied; }));
  expect_nothing_left();
}

TEST_F(MaildirTest, FileIsMadeUnderTheUidThatDelivers) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  make();
  for (const char* name : {"", "/tmp", "/new"}) ASSERT_EQ(::chown((path_ + name).c_str(), 65534, 65534), 0);
  fs::permissions(home_, fs::perms(0755));
  EXPECT_TRUE(in_child([&] { return become_nobody() && deliver_pieces({kBody}); }));
  struct stat status {};
  ASSERT_EQ(::stat(fs::directory_iterator(path_ + "/new")->path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 65534u);
}

TEST_F(MaildirTest, FileSizeLimitIsADeferralAndLeavesNothing) {
  make();
  EXPECT_TRUE(in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100000, 100000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return false;
    return reason(std::vector<std::string>(50, std::string(4000, 'x'))) == Reason::kQuota;
  }));
  expect_nothing_left();
}

TEST_F(MaildirTest, FullDiskIsADeferralAndLeavesNothing) {
  const bool ran = in_child([&] {  // a small disk that only the child sees
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", home_.c_str(), "tmpfs", 0, "size=256k") == 0;
  });
  if (!ran) GTEST_SKIP() << "needs the right to mount";
  EXPECT_TRUE(in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    if (::mount("none", home_.c_str(), "tmpfs", 0, "size=256k") != 0) return false;
    make();
    const bool deferred = reason(std::vector<std::string>(200, std::string(4000, 'x'))) == Reason::kNoSpace;
    return deferred && count("tmp") == 0 && count("new") == 0 && deliver_pieces({kBody}).has_value();
  }));
}

TEST_F(MaildirTest, SeveralMessagesShareOneSync) {
  make();
  auto maildir = Maildir::open(path_, Missing::kDefer);
  ASSERT_TRUE(maildir);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < 10; ++i)
    names.push_back(*maildir->publish(*maildir->write({}, {"h", i}, pieces({kBody}))));
  EXPECT_TRUE(maildir->sync());
  EXPECT_EQ(count("new"), 10u);
  maildir->retract(names[0]);
  EXPECT_EQ(count("new"), 9u);
}

TEST_F(MaildirTest, DraftThatIsNotPublishedVanishes) {
  make();
  auto maildir = Maildir::open(path_, Missing::kDefer);
  {
    const auto draft = maildir->write({}, {"h", 1}, pieces({kBody}));
    ASSERT_TRUE(draft);
    EXPECT_EQ(count("tmp"), 1u);
  }
  expect_nothing_left();
}

TEST_F(MaildirTest, KilledDeliveryNeverLeavesAPartInNew) {
  make();
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) (void)deliver_pieces(std::vector<std::string>(50, std::string(3998, 'x') + "\r\n"));
    }
    ::usleep(static_cast<useconds_t>(1000 * round + 500));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  for (const auto& entry : fs::directory_iterator(path_ + "/new")) {
    EXPECT_EQ(entry.file_size(), 50u * 3999);
    EXPECT_TRUE(entry.path().string().ends_with(",S=199950"));
  }
}

}  // namespace
}  // namespace sluice::maildir
