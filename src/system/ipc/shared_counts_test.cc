#include "system/ipc/shared_counts.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "core/link/queue_counts.h"
#include "system/ipc/names_for_tests.h"

namespace sluice::ipc {
namespace {

using link::QueueCounts;
using Use = SharedCounts::Use;

struct stat status_of(const std::string& name) {
  const os::Fd fd(::shm_open(name.c_str(), O_RDONLY, 0));
  struct stat status {};
  EXPECT_EQ(::fstat(fd.get(), &status), 0);
  return status;
}

// Somebody else's object of our name.
void plant(const std::string& name, const std::string& content, mode_t mode) {
  const os::Fd fd(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC, mode));
  ASSERT_EQ(::write(fd.get(), content.data(), content.size()), static_cast<ssize_t>(content.size()));
}

TEST(SharedCounts, ReadersSeeWhatTheWriterPuts) {
  const TestNames names("see");
  auto writer = SharedCounts::make(names("queue1"), QueueCounts::kOctets, own(0644));
  ASSERT_TRUE(writer) << writer.error();
  auto reader = SharedCounts::open(names("queue1"), Use::kRead);
  ASSERT_TRUE(reader) << reader.error();
  EXPECT_EQ(reader->get<QueueCounts>(), QueueCounts{});
  const QueueCounts counts{1, 2, 10, 20, 0};
  EXPECT_TRUE(writer->put(counts));
  EXPECT_EQ(reader->get<QueueCounts>(), counts);
}

TEST(SharedCounts, OneFieldIsWrittenAloneAndNothingBeyondTheEnd) {
  const TestNames names("field");
  auto counts = SharedCounts::make(names("queue1"), QueueCounts::kOctets, own(0644));
  ASSERT_TRUE(counts);
  EXPECT_TRUE(counts->write(QueueCounts::kFlagAt, Octets("\x01\0\0\0", 4)));
  EXPECT_EQ(counts->get<QueueCounts>(), (QueueCounts{0, 0, 0, 0, 1}));
  EXPECT_FALSE(counts->write(QueueCounts::kFlagAt, Octets("\x01\0\0\0\0", 5)));
  EXPECT_EQ(status_of(names("queue1")).st_size, 20);
}

TEST(SharedCounts, MakingAgainKeepsTheContentAndRepairsSizeAndMode) {
  const TestNames names("again");
  plant(names("queue1"), std::string("\x05\0\0\0", 4) + std::string(4096, '\0'), 0600);
  auto counts = SharedCounts::make(names("queue1"), QueueCounts::kOctets, own(0644));
  ASSERT_TRUE(counts) << counts.error();
  EXPECT_EQ(counts->get<QueueCounts>()->local, 5);
  EXPECT_EQ(status_of(names("queue1")).st_size, 20);
  EXPECT_EQ(status_of(names("queue1")).st_mode & 07777, 0644u);
}

TEST(SharedCounts, ObjectsOfAnySizeAndContentAreOnlyNoCounts) {
  const TestNames names("hostile");
  for (const std::size_t size : {0, 1, 19, 21, 5000}) {
    plant(names("queue1"), std::string(size, '\xff'), 0644);
    auto counts = SharedCounts::open(names("queue1"), Use::kRead);
    ASSERT_TRUE(counts);
    EXPECT_FALSE(counts->get<QueueCounts>()) << size;
  }
  plant(names("queue1"), std::string(20, '\xff'), 0644);
  EXPECT_FALSE(SharedCounts::open(names("queue1"), Use::kRead)->get<QueueCounts>()) << "negative";
}

TEST(SharedCounts, ThatShrinkWhileTheyAreOpenAreOnlyNoCounts) {
  const TestNames names("shrink");
  auto counts = SharedCounts::make(names("queue1"), QueueCounts::kOctets, own(0644));
  ASSERT_TRUE(counts);
  plant(names("queue1"), "", 0644);  // truncates
  EXPECT_FALSE(counts->get<QueueCounts>());
  EXPECT_FALSE(counts->put(QueueCounts{}));
}

TEST(SharedCounts, OfAnotherOwnerAreMadeAnewByRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give objects away";
  const TestNames names("foreign");
  plant(names("queue1"), std::string(20, '\x01'), 0666);
  const os::Fd theirs(::shm_open(names("queue1").c_str(), O_RDWR, 0));
  ASSERT_EQ(::fchown(theirs.get(), 65534, 65534), 0);
  auto counts = SharedCounts::make(names("queue1"), QueueCounts::kOctets, own(0644));
  ASSERT_TRUE(counts) << counts.error();
  EXPECT_EQ(status_of(names("queue1")).st_uid, ::geteuid());
  ASSERT_EQ(::pwrite(theirs.get(), "\x07", 1, 0), 1);
  EXPECT_EQ(counts->get<QueueCounts>(), QueueCounts{}) << "who had the old one open writes into the old one";
}

TEST(SharedCounts, ThatDoNotExistAreAnErrorToOpenAndNoneToRemove) {
  const TestNames names("none");
  const auto counts = SharedCounts::open(names("queue1"), Use::kRead);
  ASSERT_FALSE(counts);
  EXPECT_NE(counts.error().find(names("queue1")), std::string::npos);
  EXPECT_TRUE(remove_shared_counts(names("queue1")));
}

}  // namespace
}  // namespace sluice::ipc
