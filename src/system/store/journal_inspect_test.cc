#include "system/store/journal_inspect.h"

#include <gtest/gtest.h>

#include "core/queue/envelope_codec.h"
#include "system/store/layout.h"
#include "system/store/memory_disk.h"

namespace sluice::store {
namespace {

class JournalInspection : public ::testing::Test {
 protected:
  JournalInspection() {
    options_.disk = &disk_;
    options_.segment_size = 1u << 20;
    auto writer = open_body_writer("q", 1, options_).value();
    mail::Envelope envelope;
    envelope.sender = "alice@example.org";
    for (const char* each : {"a@x", "b@x", "c@x", "d@x"}) envelope.recipients.push_back({each, 0, ""});
    std::string encoded;
    queue::encode_envelope(encoded, envelope);
    for (int i = 0; i < 3; ++i) {
      NewBody added;
      added.envelope = encoded;
      added.body = "the body";
      const auto stored = writer->append({&added, 1}, wall_from_millis(1767225601000)).value().front();
      if (i == 0) {
        const std::pair<queue::MessageId, queue::BodyRef> bodies[] = {{stored.id, stored.body}};
        EXPECT_TRUE(writer->relocate(bodies));
        third_ = writer->end().raw();
      }
    }
  }
  Result<Inspected, Trouble> inspect(Inspect how, const std::string& directory = "q") {
    lines_.clear();
    return inspect_journal(
        directory, how, [this](std::string_view line) { lines_ += std::string(line) + '\n'; }, options_);
  }

  MemoryDisk disk_;
  Options options_;
  std::uint64_t third_ = 0;
  std::string lines_;
};

TEST_F(JournalInspection, DumpNamesEveryRecord) {
  const auto counts = inspect(Inspect::kDump, "q/journal/");
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->messages, 3u);
  EXPECT_EQ(counts->copies, 1u);
  EXPECT_TRUE(counts->sound());
  EXPECT_NE(lines_.find("0000000000000000  message 1048577024 at 2026-01-01T00:00:01Z uid 0 pid 0 body 8 "
                        "from <alice@example.org> to <a@x> to <b@x> to <c@x> and 1 more\n"),
            std::string::npos)
      << lines_;
}

TEST_F(JournalInspection, VerifyIsSilentAboutWhatIsRight) {
  ASSERT_TRUE(inspect(Inspect::kVerify)->sound());
  EXPECT_EQ(lines_, "");
}

TEST_F(JournalInspection, VerifyNamesWhatIsDamagedAndChangesNothing) {
  disk_.content(segment_path("q", 0))[third_ + 50] ^= 1;
  const std::uint64_t before = disk_.operations();
  const auto counts = inspect(Inspect::kVerify);
  EXPECT_FALSE(counts->sound());
  EXPECT_EQ(counts->messages, 2u);
  EXPECT_EQ(lines_.substr(0, 16), fmt::format("{:016x}", third_));
  EXPECT_EQ(disk_.operations(), before);
}

TEST_F(JournalInspection, OfAnEmptyJournalFindsNothing) {
  EXPECT_EQ(inspect(Inspect::kVerify, "elsewhere")->segments, 0u);
}

}  // namespace
}  // namespace sluice::store
