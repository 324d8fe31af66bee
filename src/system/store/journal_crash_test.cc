// The journal under rules 1 and 4: at every operation the disk may fail or the power may go, and afterwards every
// message that was accepted is there, once, with its body, and nothing else is announced as one that was.
#include <gtest/gtest.h>

#include <map>

#include "core/queue/journal_record.h"
#include "system/store/file_store.h"
#include "system/store/layout.h"
#include "system/store/memory_disk.h"

namespace sluice::store {
namespace {

const WallTime kNow = wall_from_millis(1767225600000 + 1000);

Options options_for(MemoryDisk& disk) {
  Options options;
  options.disk = &disk;
  options.segment_size = 1u << 20;
  return options;
}

std::string body_of(int number) {
  return std::string(static_cast<std::size_t>(1000 + number * 7919 % 60'000), static_cast<char>('a' + number % 26));
}

// Appends batches of 1 to 4 messages, some large ones, some relocations; notes what was accepted.
class Load {
 public:
  struct Accepted {
    Stored stored;
    int number;
  };
  const std::vector<Accepted>& accepted() const { return accepted_; }
  const std::map<queue::MessageId, queue::BodyRef>& moved() const { return moved_; }

  // Which batches are to be durable: all, or every other.
  enum class Durable { kAll, kSome };
  explicit Load(Durable durable = Durable::kAll) : durable_(durable) {}

  void run(MemoryDisk& disk, int rounds) {
    auto writer = open_body_writer("q", 1, options_for(disk));
    if (!writer) return;
    for (int round = 0; round < rounds; ++round) {
      append(**writer, 1 + round % 4, durable_ == Durable::kAll || round % 2 == 1);
      if (round % 5 == 4) append_large(**writer);
      if (round % 3 == 2) relocate(**writer);
    }
  }

 private:
  void append(BodyWriter& writer, int count, bool durable) {
    std::vector<std::string> bodies, envelopes;
    for (int i = 0; i < count; ++i) {
      bodies.push_back(body_of(next_ + i));
      envelopes.push_back(std::to_string(next_ + i));
    }
    std::vector<NewBody> batch(bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) batch[i].envelope = envelopes[i], batch[i].body = bodies[i];
    batch.front().durable = durable;  // one is enough
    for (std::size_t i = 1; i < bodies.size(); ++i) batch[i].durable = false;
    const auto stored = writer.append(batch, kNow);
    if (durable) return accept(stored, count);
    next_ += count;  // it may be lost: nobody asks for it
  }
  void append_large(BodyWriter& writer) {
    auto large = writer.open_large();
    if (!large || !(*large)->write(body_of(next_)) || !(*large)->finish()) return;
    const std::string envelope = std::to_string(next_);
    NewBody added;
    added.envelope = envelope;
    added.file = (*large)->inode();
    added.file_length = (*large)->length();
    accept(writer.append({&added, 1}, kNow), 1);
  }
  void accept(const Result<std::vector<Stored>, Trouble>& stored, int count) {
    for (int i = 0; stored && i < count; ++i) {
      accepted_.push_back({(*stored)[static_cast<std::size_t>(i)], next_ + i});
    }
    next_ += count;
  }
  void relocate(BodyWriter& writer) {
    if (accepted_.empty() || accepted_[accepted_.size() / 2].stored.body.storage == queue::BodyRef::Storage::kFile)
      return;
    const Stored& old = accepted_[accepted_.size() / 2].stored;
    const std::pair<queue::MessageId, queue::BodyRef> bodies[] = {{old.id, old.body}};
    if (const auto places = writer.relocate(bodies)) moved_[old.id] = places->front();
  }

  Durable durable_;
  int next_ = 0;
  std::vector<Accepted> accepted_;
  std::map<queue::MessageId, queue::BodyRef> moved_;
};

std::string read_body(MemoryDisk& disk, const queue::BodyRef& body) {
  std::string octets(body.length, '\0');
  const auto reader = open_body_reader("q", options_for(disk));
  const auto got = reader->read(body, 0, octets.data(), octets.size());
  return got ? octets : "unreadable: " + got.error().what;
}

// Opens the journal again and checks it against what was accepted; then that it takes mail again.
void check_recovered(MemoryDisk& disk, const Load& load) {
  auto writer = open_body_writer("q", 1, options_for(disk));
  ASSERT_TRUE(writer) << writer.error().what;
  std::map<queue::MessageId, std::pair<std::string, queue::BodyRef>> found;
  const auto take = [&](const Replayed& each) {
    EXPECT_TRUE(found.emplace(each.id, std::pair(std::string(each.envelope), each.body)).second) << "announced twice";
    return true;
  };
  std::vector<std::string> complaints;
  const auto end = (*writer)->replay({}, take, [&](const std::string& what) { complaints.push_back(what); });
  ASSERT_TRUE(end) << end.error().what;
  for (const auto& [stored, number] : load.accepted()) {
    const auto here = found.find(stored.id);
    ASSERT_NE(here, found.end()) << "message " << number << " is lost";
    EXPECT_EQ(here->second.first, std::to_string(number));
    EXPECT_EQ(here->second.second, stored.body);
    ASSERT_EQ(read_body(disk, stored.body), body_of(number));
    if (const auto moved = load.moved().find(stored.id); moved != load.moved().end()) {
      ASSERT_EQ(read_body(disk, moved->second), body_of(number));
    }
  }
  // What was not accepted may be there (the client saw no answer), but only whole.
  for (const auto& [id, message] : found) {
    if (message.first == "after") continue;  // of an earlier check
    ASSERT_EQ(read_body(disk, message.second), body_of(std::stoi(message.first)));
  }
  NewBody added;
  added.envelope = "after";
  const auto stored = (*writer)->append({&added, 1}, kNow);
  ASSERT_TRUE(stored) << stored.error().what;
  for (const auto& [id, message] : found) EXPECT_LT(id, stored->front().id);
  if (!load.accepted().empty()) {
    EXPECT_GT(stored->front().next, load.accepted().back().stored.next);
  }
}

std::uint64_t operations_of_a_whole_run(int rounds) {
  MemoryDisk disk;
  Load load;
  load.run(disk, rounds);
  return disk.operations();
}

constexpr int kRounds = 24;

TEST(JournalPowerLoss, AtAnyOperationLosesNoAcceptedMessage) {
  const std::uint64_t operations = operations_of_a_whole_run(kRounds);
  std::mt19937_64 chance(1);
  for (std::uint64_t at = 1; at <= operations; ++at) {
    for (const bool kind : {false, true, true}) {
      MemoryDisk disk;
      Load load;
      disk.lose_power_at(at);
      EXPECT_THROW(load.run(disk, kRounds), PowerLoss);
      disk.power_loss(kind ? &chance : nullptr);
      check_recovered(disk, load);
      if (HasFatalFailure()) FAIL() << "power lost at operation " << at;
    }
  }
}

TEST(JournalPowerLoss, SparesWhatWasDurableAmongWhatWasNot) {
  MemoryDisk sound;
  Load(Load::Durable::kSome).run(sound, kRounds);
  std::mt19937_64 chance(3);
  for (std::uint64_t at = 1; at <= sound.operations(); ++at) {
    for (const bool kind : {false, true, true}) {
      MemoryDisk disk;
      Load load(Load::Durable::kSome);
      disk.lose_power_at(at);
      EXPECT_THROW(load.run(disk, kRounds), PowerLoss);
      disk.power_loss(kind ? &chance : nullptr);
      check_recovered(disk, load);
      if (HasFatalFailure()) FAIL() << "power lost at operation " << at;
    }
  }
}

TEST(JournalSyncs, AreSavedForBatchesThatNeedNotBeDurable) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk));
  ASSERT_TRUE(writer);
  const auto operations_of = [&](bool durable) {
    NewBody body;
    body.envelope = "e";
    body.durable = durable;
    const std::uint64_t before = disk.operations();
    EXPECT_TRUE((*writer)->append({&body, 1}, kNow));
    return disk.operations() - before;
  };
  operations_of(true);  // opens the segment
  EXPECT_EQ(operations_of(true), 2u) << "a write and a sync";
  EXPECT_EQ(operations_of(false), 1u);
}

// Space that holds something, be it zeros, takes a batch with no more than the sync of its own octets.
TEST(JournalSyncs, FindSpaceThatWasWrittenBeforeExceptOnceInManyBatches) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  const std::string body(10'000, 'x');
  NewBody added;
  added.envelope = "e";
  added.body = body;
  ASSERT_TRUE(writer->append({&added, 1}, kNow));
  const std::uint64_t space = disk.used();
  int batches = 0, with_zeros = 0;
  for (std::uint64_t octets = 0; octets + 40'000 < space; octets += body.size(), ++batches) {
    const std::uint64_t before = disk.operations();
    ASSERT_TRUE(writer->append({&added, 1}, kNow));
    const std::uint64_t operations = disk.operations() - before;
    EXPECT_TRUE(operations == 2 || operations == 3) << operations;
    if (operations == 3) ++with_zeros;
    EXPECT_EQ(disk.used(), space) << "zeros are written over space that was set aside, never behind it";
  }
  EXPECT_GT(batches, 90);
  EXPECT_GE(with_zeros, 3);
  EXPECT_LE(with_zeros, 4);
}

TEST(JournalPowerLoss, DuringRecoveryLosesNothingEither) {
  std::mt19937_64 chance(2);
  const std::uint64_t operations = operations_of_a_whole_run(kRounds);
  for (std::uint64_t at = 3; at <= operations; at += 5) {
    for (std::uint64_t again = 1; again <= 6; ++again) {
      MemoryDisk disk;
      Load load;
      disk.lose_power_at(at);
      EXPECT_THROW(load.run(disk, kRounds), PowerLoss);
      disk.power_loss(&chance);
      disk.lose_power_at(disk.operations() + again);
      try {
        check_recovered(disk, Load{});
      } catch (const PowerLoss&) {
      }
      disk.power_loss(&chance);
      // The message "after" may be there now; it has no body.
      auto writer = open_body_writer("q", 1, options_for(disk));
      ASSERT_TRUE(writer);
      std::map<queue::MessageId, std::string> found;
      const auto take = [&](const Replayed& each) { return found.emplace(each.id, each.envelope).second; };
      ASSERT_TRUE((*writer)->replay({}, take, [](const std::string&) {}));
      for (const auto& [stored, number] : load.accepted()) {
        ASSERT_EQ(found[stored.id], std::to_string(number)) << at << ' ' << again;
      }
    }
  }
}

TEST(JournalFault, AtAnyOperationRefusesOnlyThatBatch) {
  MemoryDisk sound;
  Load undisturbed;
  undisturbed.run(sound, kRounds);
  const std::uint64_t operations = sound.operations();
  const std::size_t all = undisturbed.accepted().size();
  for (const int error : {EIO, ENOSPC}) {
    for (std::uint64_t at = 1; at <= operations; ++at) {
      Load load;
      MemoryDisk failing;
      failing.fail_at(at, error);
      load.run(failing, kRounds);
      failing.clear_faults();
      if (at > 3) {  // before that the journal did not open
        EXPECT_GE(load.accepted().size() + 4, all) << "more than one batch was refused, operation " << at;
      }
      check_recovered(failing, load);
      failing.power_loss();
      check_recovered(failing, load);
      if (HasFatalFailure()) FAIL() << "fault at operation " << at;
    }
  }
}

TEST(JournalFault, AFullDiskIsSaidClearlyAndMailIsTakenAgainWhenThereIsSpace) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  NewBody added;
  added.envelope = "e";
  disk.fail_always(ENOSPC);
  for (int i = 0; i < 3; ++i) {
    const auto refused = writer->append({&added, 1}, kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ENOSPC);
    EXPECT_NE(refused.error().what.find("No space left on device"), std::string::npos) << refused.error().what;
  }
  disk.clear_faults();
  EXPECT_TRUE(writer->append({&added, 1}, kNow));
}

TEST(JournalFault, OfTheZerosAheadRefusesNobody) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  NewBody added;
  added.envelope = "e";
  disk.fail_at(disk.operations() + 5, ENOSPC);  // create, allocate, sync of the directory, write, zeros
  const auto first = writer->append({&added, 1}, kNow);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(disk.operations(), 6u) << "and a sync";
  const auto second = writer->append({&added, 1}, kNow);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->front().body.segment, first->front().body.segment);
}

TEST(JournalFault, ABatchWhoseSyncFailedIsNotReplayed) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  NewBody added;
  added.envelope = "first";
  ASSERT_TRUE(writer->append({&added, 1}, kNow));
  added.envelope = "refused";
  disk.fail_at(disk.operations() + 2, EIO);  // write, then sync
  ASSERT_FALSE(writer->append({&added, 1}, kNow));
  added.envelope = "third";
  const auto stored = writer->append({&added, 1}, kNow);
  ASSERT_TRUE(stored);
  EXPECT_NE(stored->front().body.segment, 0u) << "the segment was given up";
  std::string seen;
  const auto take = [&](const Replayed& each) { return seen += each.envelope, seen += ' ', true; };
  ASSERT_TRUE(writer->replay({}, take, [](const std::string& what) { ADD_FAILURE() << what; }));
  EXPECT_EQ(seen, "first third ");
}

TEST(JournalDamage, OfOneRecordSetsItAsideAndKeepsTheOthers) {
  MemoryDisk disk;
  std::vector<Stored> stored;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  for (int i = 0; i < 5; ++i) {
    const std::string envelope = std::to_string(i), body = body_of(i);
    NewBody added;
    added.envelope = envelope;
    added.body = body;
    stored.push_back(writer->append({&added, 1}, kNow).value().front());
  }
  for (const std::size_t octet : {stored[1].body.offset + 5ul, stored[2].next.raw() + 9ul}) {  // a body, a header
    disk.content(segment_path("q", 0))[octet] ^= 0x40;
  }
  for (const bool reopened : {false, true}) {
    if (reopened) writer.reset(), writer = open_body_writer("q", 1, options_for(disk)).value();
    std::string seen;
    std::vector<std::string> complaints;
    const auto take = [&](const Replayed& each) { return seen += each.envelope, true; };
    ASSERT_TRUE(writer->replay({}, take, [&](const std::string& what) { complaints.push_back(what); }));
    EXPECT_EQ(seen, "024");
    ASSERT_EQ(complaints.size(), 2u);
    EXPECT_NE(complaints[0].find("journal/quarantine/"), std::string::npos) << complaints[0];
  }
  EXPECT_TRUE(disk.exists(fmt::format("q/journal/quarantine/{:016x}.bad", stored[0].next.raw())));
  EXPECT_EQ(disk.content(fmt::format("q/journal/quarantine/{:016x}.bad", stored[0].next.raw())).size(),
            stored[1].next.raw() - stored[0].next.raw());
}

TEST(Journal, OfALaterVersionIsNotTouched) {
  MemoryDisk disk;
  {
    auto writer = open_body_writer("q", 1, options_for(disk)).value();
    NewBody added;
    added.envelope = "e";
    ASSERT_TRUE(writer->append({&added, 1}, kNow));
  }
  std::string& segment = disk.content(segment_path("q", 0));
  auto header = queue::decode_record_header(segment).value();
  header.version = 2;
  const auto encoded = queue::encode_record_header(header);
  segment.replace(0, encoded.size(), encoded.data(), encoded.size());
  const std::string before = segment;
  const auto refused = open_body_writer("q", 1, options_for(disk));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("later version"), std::string::npos);
  EXPECT_EQ(disk.content(segment_path("q", 0)), before);
}

TEST(Journal, ThatLostItsSegmentsGivesNoPositionASecondTime) {
  MemoryDisk disk;
  auto writer = open_body_writer("q", 1, options_for(disk)).value();
  int complaints = 0;
  const auto end = writer->replay(
      queue::Lsn{5000}, [](const Replayed&) { return true; }, [&](const std::string&) { ++complaints; });
  ASSERT_TRUE(end);
  EXPECT_EQ(complaints, 1);
  NewBody added;
  added.envelope = "e";
  EXPECT_GT(writer->append({&added, 1}, kNow).value().front().next, queue::Lsn{5000});
}

}  // namespace
}  // namespace sluice::store
