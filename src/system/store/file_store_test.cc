// The file store through the conformance suite, once on a real file system and once on the disk in memory.
#include "system/store/file_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "system/store/layout.h"
#include "system/store/memory_disk.h"
#include "system/store/store_conformance.h"

namespace sluice::store {
namespace {

class FileFixture final : public StoreFixture {
 public:
  FileFixture() : directory_(::testing::TempDir() + "/sluice-store-XXXXXX") {
    if (!::mkdtemp(directory_.data())) throw std::runtime_error("mkdtemp");
    std::filesystem::create_directories(directory_ + "/pid");
    for (int i = 0; i < 3; ++i) std::filesystem::create_directories(fmt::format("{}/mess/{}", directory_, i));
    options_.split = 3;
    options_.segment_size = 1u << 20;
  }
  ~FileFixture() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<BodyWriter> body_writer() override {
    return open_body_writer(directory_, 7, options_).value_or(nullptr);
  }
  std::unique_ptr<BodyReader> body_reader() override { return open_body_reader(directory_, options_); }
  std::unique_ptr<BodyRemover> body_remover() override { return open_body_remover(directory_, options_); }
  std::unique_ptr<StateLog> state_log() override { return open_state_log(directory_, options_).value_or(nullptr); }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
  Options options_;
};

class MemoryFixture final : public StoreFixture {
 public:
  MemoryFixture() {
    options_.disk = &disk_;
    options_.segment_size = 1u << 20;
  }
  std::unique_ptr<BodyWriter> body_writer() override { return open_body_writer("q", 7, options_).value_or(nullptr); }
  std::unique_ptr<BodyReader> body_reader() override { return open_body_reader("q", options_); }
  std::unique_ptr<BodyRemover> body_remover() override { return open_body_remover("q", options_); }
  std::unique_ptr<StateLog> state_log() override { return open_state_log("q", options_).value_or(nullptr); }

 private:
  MemoryDisk disk_;
  Options options_;
};

INSTANTIATE_TEST_SUITE_P(FileStore, StoreConformance,
                         ::testing::Values([] { return std::make_unique<FileFixture>(); }));
INSTANTIATE_TEST_SUITE_P(FileStoreInMemory, StoreConformance,
                         ::testing::Values([] { return std::make_unique<MemoryFixture>(); }));

unsigned mode_of(const std::string& path) {
  struct stat st {};
  EXPECT_EQ(::stat(path.c_str(), &st), 0) << path;
  return st.st_mode & 07777;
}

TEST(FileStore, GivesItsFilesTheirModesWhateverTheUmaskIs) {
  const mode_t before = ::umask(0077);
  FileFixture store;
  const auto writer = store.body_writer();
  const NewBody batch[] = {NewBody{"e", "b"}};
  ASSERT_TRUE(writer->append(batch, kSomeTime));
  auto large = writer->open_large().value();
  ASSERT_TRUE(large->finish());
  const auto log = store.state_log();
  ASSERT_TRUE(log->load([](Octets) {}, [](const std::string&) {}));
  log->append("record");
  ASSERT_TRUE(log->sync());
  ::umask(before);
  EXPECT_EQ(mode_of(segment_path(store.directory(), 0)), 0640u);
  EXPECT_EQ(mode_of(body_path(store.directory(), large->inode(), 3)), 0640u);
  EXPECT_EQ(mode_of(store.directory() + "/state/1.log"), 0600u);
}

TEST(FileStore, LeavesNothingInPidOfABodyThatWasNotFinished) {
  FileFixture store;
  const auto writer = store.body_writer();
  {
    auto large = writer->open_large().value();
    ASSERT_TRUE(large->write("octets"));
    EXPECT_FALSE(std::filesystem::is_empty(store.directory() + "/pid"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(store.directory() + "/pid"));
}

TEST(FileStore, RollsItsSegmentsAndGivesTheirUnusedSpaceBack) {
  FileFixture store;
  const auto writer = store.body_writer();
  const std::string body(100'000, 'b');
  std::vector<Stored> stored;
  for (int i = 0; i < 30; ++i) {
    const NewBody batch[] = {NewBody{"e", body}};
    stored.push_back(writer->append(batch, kSomeTime).value().front());
  }
  std::set<std::uint64_t> segments;
  for (const Stored& each : stored) segments.insert(each.body.segment);
  EXPECT_EQ(segments.size(), 3u) << "ten messages fit into a segment of 1 MiB";
  EXPECT_EQ(std::filesystem::file_size(segment_path(store.directory(), 0)), *std::next(segments.begin()));
  const auto remover = store.body_remover();
  EXPECT_TRUE(remover->remove(queue::BodyRef::Storage::kJournal, 0));
  EXPECT_FALSE(std::filesystem::exists(segment_path(store.directory(), 0)));
}

TEST(FileStore, ReaderLetsGoOfRemovedSegments) {
  FileFixture store;
  const auto writer = store.body_writer();
  const std::string body(700'000, 'b');
  const NewBody batch[] = {NewBody{"e", body}};
  const Stored first = writer->append(batch, kSomeTime).value().front();
  const Stored second = writer->append(batch, kSomeTime).value().front();
  const auto reader = store.body_reader();
  char octet = 0;
  ASSERT_TRUE(reader->read(first.body, 0, &octet, 1));
  ASSERT_TRUE(store.body_remover()->remove(first.body.storage, first.body.segment));
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(reader->read(second.body, 0, &octet, 1));
  EXPECT_FALSE(reader->read(first.body, 0, &octet, 1));
}

}  // namespace
}  // namespace sluice::store
