#include "system/ipc/message_queue.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/link/queue_counts.h"
#include "core/route/queue_groups.h"
#include "system/ipc/names_for_tests.h"

namespace sluice::ipc {
namespace {

using Use = MessageQueue::Use;

// Few and small, so that tests of several builds at once stay within the limits of a user.
constexpr QueueLimits kSmall{4, 64};

struct Both {
  MessageQueue writer, reader;
};
Both open_both(const std::string& name) {
  auto writer = MessageQueue::open(name, Use::kWrite);
  auto reader = MessageQueue::open(name, Use::kRead);
  return {std::move(*writer), std::move(*reader)};
}

// Runs `body` in a child of the given limit of octets in message queues; true if it said so.
template <class Body>
bool in_child(rlim_t octets, Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{octets, octets};
    ::setrlimit(RLIMIT_MSGQUEUE, &limit);
    ::_exit(body() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(MessageQueue, GivesMessagesByPriorityAndWakesItsReader) {
  const TestNames names("prio");
  ASSERT_TRUE(make_message_queue(names("queue1"), kSmall, own(0600)));
  Both both = open_both(names("queue1"));
  EXPECT_FALSE(both.reader.receive());
  EXPECT_TRUE(both.writer.send("later", 1));
  EXPECT_TRUE(both.writer.send("first", 10));
  pollfd poll{both.reader.descriptor(), POLLIN, 0};
  EXPECT_EQ(::poll(&poll, 1, 0), 1);
  EXPECT_EQ(both.reader.receive(), "first");
  EXPECT_EQ(both.reader.receive(), "later");
  EXPECT_FALSE(both.reader.receive());
}

TEST(MessageQueue, ThatIsFullTakesNoMoreAndDoesNotWait) {
  const TestNames names("full");
  ASSERT_TRUE(make_message_queue(names("queue1"), kSmall, own(0600)));
  Both both = open_both(names("queue1"));
  for (std::uint32_t i = 0; i < kSmall.messages; ++i) EXPECT_TRUE(both.writer.send("x", 10));
  EXPECT_FALSE(both.writer.send("x", 10));
  EXPECT_FALSE(both.writer.send(std::string(65, 'x'), 10)) << "larger than it takes";
}

TEST(MessageQueue, MadeAgainKeepsWhatWaits) {
  const TestNames names("keep");
  ASSERT_TRUE(make_message_queue(names("queue1"), kSmall, own(0600)));
  EXPECT_TRUE(open_both(names("queue1")).writer.send("still here", 10));
  const auto made = make_message_queue(names("queue1"), kSmall, own(0640));
  ASSERT_TRUE(made) << made.error();
  EXPECT_FALSE(made->lowered);
  Both both = open_both(names("queue1"));
  EXPECT_EQ(both.reader.receive(), "still here");
  struct stat status {};
  ASSERT_EQ(::fstat(both.reader.descriptor(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST(MessageQueue, OfOtherLimitsIsMadeAnew) {
  const TestNames names("anew");
  ASSERT_TRUE(make_message_queue(names("queue1"), kSmall, own(0600)));
  const auto made = make_message_queue(names("queue1"), {2, 128}, own(0600));
  ASSERT_TRUE(made) << made.error();
  EXPECT_EQ(open_both(names("queue1")).reader.limits(), (QueueLimits{2, 128}));
}

TEST(MessageQueue, IsLoweredToWhatTheSystemAllows) {
  const TestNames names("lower");
  // No right of root's raises the limits of the kernel itself.
  const auto made = make_message_queue(names("queue1"), {10'000'000, 64}, own(0600));
  ASSERT_TRUE(made) << made.error();
  EXPECT_TRUE(made->lowered);
  EXPECT_GE(made->limits.messages, 1u);
  EXPECT_EQ(open_both(names("queue1")).reader.limits(), made->limits);
}

TEST(MessageQueue, IsLoweredToWhatTheUserHasLeft) {
  if (::geteuid() == 0 && in_child(0, [] {
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        return ::setrlimit(RLIMIT_MSGQUEUE, &unlimited) == 0;
      }))
    GTEST_SKIP() << "this user may raise the limit";
  const TestNames names("left");
  EXPECT_TRUE(in_child(100'000'000, [&] {
    const auto made = make_message_queue(names("queue1"), {10, 1024}, own(0600));
    return made && !made->lowered;
  })) << "enough";
  EXPECT_TRUE(in_child(0, [&] { return !make_message_queue(names("queue2"), kSmall, own(0600)); })) << "nothing";
}

TEST(MessageQueue, ThatDoesNotExistIsAnErrorToOpenAndNoneToRemove) {
  const TestNames names("none");
  const auto queue = MessageQueue::open(names("queue1"), Use::kWrite);
  ASSERT_FALSE(queue);
  EXPECT_NE(queue.error().find(names("queue1")), std::string::npos);
  EXPECT_TRUE(remove_message_queue(names("queue1")));
}

TEST(MessageQueue, OfMessagesTooSmallForOursIsOfNoUse) {
  const TestNames names("small");
  mq_attr attributes{};
  attributes.mq_maxmsg = 2;
  attributes.mq_msgsize = 8;
  const os::Fd theirs(::mq_open(names("queue1").c_str(), O_RDWR | O_CREAT, 0600, &attributes));
  ASSERT_TRUE(theirs);
  EXPECT_FALSE(MessageQueue::open(names("queue1"), Use::kRead));
}

TEST(QueueObjects, AreMadeForAQueueAndForTheSchedulerAndRemoved) {
  const TestNames names("objects");
  const auto owners = layout::Owners::caller();
  const auto notes = make_queue_objects(names.prefix, "queue1", kSmall, owners);
  ASSERT_TRUE(notes) << notes.error();
  EXPECT_TRUE(notes->lines.empty());
  EXPECT_TRUE(SharedCounts::open(names("queue1"), SharedCounts::Use::kRead)->get<link::QueueCounts>());
  EXPECT_TRUE(MessageQueue::open(names("queue1"), Use::kRead));
  auto scheduler = make_scheduler_objects(names.prefix, scheduler_object(route::kDefaultGroup), owners);
  ASSERT_TRUE(scheduler) << scheduler.error();
  EXPECT_TRUE(scheduler->counts.put(link::SchedulerCounts{1, 2}));
  remove_queue_objects(names.prefix, "queue1");
  remove_scheduler_objects(names.prefix, "qscheduler");
  for (const char* name : {"queue1", "qscheduler"}) {
    EXPECT_FALSE(SharedCounts::open(names(name), SharedCounts::Use::kRead));
    EXPECT_FALSE(MessageQueue::open(names(name), Use::kRead));
  }
}

TEST(QueueObjects, AreMadeWithoutAMessageQueueIfThereCanBeNone) {
  const TestNames names("without");
  EXPECT_TRUE(in_child(0, [&] {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (::setrlimit(RLIMIT_MSGQUEUE, &unlimited) == 0) return true;  // nothing stands in its way
    const auto notes = make_queue_objects(names.prefix, "queue1", kSmall, layout::Owners::caller());
    return notes && notes->lines.size() == 1;
  }));
}

}  // namespace
}  // namespace sluice::ipc
