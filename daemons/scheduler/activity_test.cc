#include "activity.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace sluice::scheduler {
namespace {

struct Pipe {
  os::Fd reads, writes;
  Pipe() {
    int both[2];
    EXPECT_EQ(::pipe2(both, O_CLOEXEC), 0);
    reads = os::Fd(both[0]);
    writes = os::Fd(both[1]);
  }
  // All that was written so far.
  std::string content() {
    EXPECT_EQ(::fcntl(reads.get(), F_SETFL, O_NONBLOCK), 0);
    std::string all(65536, '\0');
    const ssize_t n = ::read(reads.get(), all.data(), all.size());
    all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return all;
  }
};

class ActivityRecord : public testing::Test {
 protected:
  ActivityRecord() : before_(std::signal(SIGPIPE, SIG_IGN)) {}
  ~ActivityRecord() override { std::signal(SIGPIPE, before_); }

  void say(const std::string& text) {
    activity_.add([&](std::string& out, const mail::ActivityLog&) { out += text + '\n'; });
    activity_.flush();
  }
  // From now on a successor will come.
  void expect_successor() {
    activity_.on_lost([this] {
      ++losses_;
      return true;
    });
  }

  void (*before_)(int);
  net::Loop loop_;
  Pipe first_;
  Activity activity_{loop_, first_.writes.get(), "queue1", "1", {}, 15};
  int losses_ = 0;
};

TEST_F(ActivityRecord, GoesOnWithTheNextReaderFromTheFirstLineThatWasNotWritten) {
  expect_successor();
  say("one");
  EXPECT_EQ(first_.content(), "one\n");
  first_.reads.reset();
  say("two");
  say("three");
  EXPECT_EQ(losses_, 1);
  Pipe next;
  activity_.replace(std::move(next.writes));
  EXPECT_EQ(next.content(), "two\nthree\n");
  say("four");
  EXPECT_EQ(next.content(), "four\n");
}

TEST_F(ActivityRecord, SurvivesReadersThatAreGoneAtOnce) {
  expect_successor();
  first_.reads.reset();
  say("one");
  for (int i = 0; i < 3; ++i) {
    Pipe gone;
    gone.reads.reset();
    activity_.replace(std::move(gone.writes));
  }
  EXPECT_EQ(losses_, 4);
  Pipe next;
  activity_.replace(std::move(next.writes));
  EXPECT_EQ(next.content(), "one\n");
}

TEST_F(ActivityRecord, KeepsSoMuchOnlyAndSaysHowManyLinesAreLost) {
  expect_successor();
  first_.reads.reset();
  for (const char* line : {"one", "two", "three", "four", "v"}) say(line);
  Pipe next;
  activity_.replace(std::move(next.writes));
  EXPECT_EQ(next.content(),
            "one\ntwo\nthree\nwarn: qmail-send: queue1: there was no logger: 2 lines of this record are lost\n");
  say("six");
  EXPECT_EQ(next.content(), "six\n");
}

TEST_F(ActivityRecord, IsDoneWithoutWhereNobodyReplacesItsReader) {
  activity_.on_lost([this] {
    ++losses_;
    return false;
  });
  first_.reads.reset();
  say("one");
  say("two");
  EXPECT_EQ(losses_, 1);
}

TEST_F(ActivityRecord, BeginsAgainWithTheLineThatWasCut) {
  Pipe small;
  ASSERT_EQ(::fcntl(small.writes.get(), F_SETPIPE_SZ, 4096), 4096);
  Activity activity(loop_, small.writes.get(), "queue1", "1", {});
  activity.on_lost([] { return true; });
  const pid_t reader = ::fork();
  if (reader == 0) {  // ends when it has read a little, while the writer waits for it
    char some[100];
    ::_exit(::read(small.reads.get(), some, sizeof some) > 0 ? 0 : 1);
  }
  small.reads.reset();
  const std::string line(9000, 'x');
  activity.add([&](std::string& out, const mail::ActivityLog&) { out += "first\n" + line + "\nlast\n"; });
  activity.flush();
  int status = -1;
  ASSERT_EQ(::waitpid(reader, &status, 0), reader);
  ASSERT_EQ(status, 0);
  Pipe next;
  activity.replace(std::move(next.writes));
  EXPECT_EQ(next.content(), line + "\nlast\n");
}

}  // namespace
}  // namespace sluice::scheduler
