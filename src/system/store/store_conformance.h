// What every store must do, as a GoogleTest suite that any implementation can be run through:
//
//   INSTANTIATE_TEST_SUITE_P(FileStore, StoreConformance, ::testing::Values([] { return std::make_unique<...>(); }));
//
// A StoreFixture makes the roles of one empty queue. Opening a role again stands for the restart of its daemon.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "system/store/store.h"

namespace sluice::store {

class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  virtual std::unique_ptr<BodyWriter> body_writer() = 0;
  virtual std::unique_ptr<BodyReader> body_reader() = 0;
  virtual std::unique_ptr<BodyRemover> body_remover() = 0;
  virtual std::unique_ptr<StateLog> state_log() = 0;
};
using MakeFixture = std::function<std::unique_ptr<StoreFixture>()>;

inline const WallTime kSomeTime = wall_from_millis(1767225600000 + 1000);

class StoreConformance : public ::testing::TestWithParam<MakeFixture> {
 protected:
  std::unique_ptr<StoreFixture> store_ = GetParam()();

  static NewBody message(Octets envelope, Octets body) {
    NewBody added;
    added.envelope = envelope;
    added.body = body;
    added.uid = 1000;
    added.pid = 4242;
    return added;
  }
  static Stored append_one(BodyWriter& writer, Octets envelope, Octets body) {
    const NewBody batch[] = {message(envelope, body)};
    const auto stored = writer.append(batch, kSomeTime);
    EXPECT_TRUE(stored) << stored.error().what;
    return stored ? stored->front() : Stored{};
  }
  std::string body_of(const queue::BodyRef& body) {
    const auto reader = store_->body_reader();
    std::string octets(body.length, '\0');
    const auto got = reader->read(body, 0, octets.data(), octets.size());
    EXPECT_TRUE(got) << got.error().what;
    return octets;
  }
  struct Visited {
    queue::MessageId id;
    queue::Lsn next;
    std::string envelope;
    queue::BodyRef body;
  };
  static std::vector<Visited> replay(BodyWriter& writer, queue::Lsn from) {
    std::vector<Visited> visited;
    const auto take = [&](const Replayed& each) {
      visited.push_back({each.id, each.next, std::string(each.envelope), each.body});
      return true;
    };
    const auto end = writer.replay(from, take, [](const std::string& what) { ADD_FAILURE() << what; });
    EXPECT_TRUE(end) << end.error().what;
    EXPECT_EQ(*end, writer.end());
    return visited;
  }
  static std::vector<std::string> load(StateLog& log) {
    std::vector<std::string> records;
    const auto loaded = log.load([&](Octets record) { records.emplace_back(record); },
                                 [](const std::string& what) { ADD_FAILURE() << what; });
    EXPECT_TRUE(loaded) << loaded.error().what;
    return records;
  }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreConformance);

TEST_P(StoreConformance, WhatWasAppendedIsReadBack) {
  const auto writer = store_->body_writer();
  const Stored stored = append_one(*writer, "envelope", "the body\r\n");
  EXPECT_TRUE(stored.id);
  EXPECT_EQ(stored.arrival, kSomeTime);
  EXPECT_EQ(stored.next, writer->end());
  EXPECT_EQ(body_of(stored.body), "the body\r\n");
}

TEST_P(StoreConformance, ABatchKeepsItsOrderAndItsIdsAscend) {
  const auto writer = store_->body_writer();
  const std::string large(100'000, 'x');
  const NewBody batch[] = {message("one", "1"), message("two", large), message("three", ""), message("", "4")};
  const auto stored = writer->append(batch, kSomeTime);
  ASSERT_TRUE(stored);
  ASSERT_EQ(stored->size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(body_of((*stored)[i].body), batch[i].body);
    if (i > 0) {
      EXPECT_GT((*stored)[i].id, (*stored)[i - 1].id);
      EXPECT_GT((*stored)[i].next, (*stored)[i - 1].next);
    }
  }
}

TEST_P(StoreConformance, AnEmptyBatchIsNothing) {
  const auto writer = store_->body_writer();
  const auto stored = writer->append({}, kSomeTime);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->empty());
}

TEST_P(StoreConformance, ReplayVisitsWhatFollowsAPositionAlsoAfterARestart) {
  std::vector<Stored> stored;
  {
    const auto writer = store_->body_writer();
    for (const char* name : {"a", "b", "c", "d"}) stored.push_back(append_one(*writer, name, name));
  }
  const auto writer = store_->body_writer();
  stored.push_back(append_one(*writer, "e", "e"));
  EXPECT_EQ(replay(*writer, {}).size(), 5u);
  const auto rest = replay(*writer, stored[1].next);
  ASSERT_EQ(rest.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rest[i].id, stored[i + 2].id);
    EXPECT_EQ(rest[i].next, stored[i + 2].next);
    EXPECT_EQ(rest[i].body, stored[i + 2].body);
  }
  EXPECT_EQ(rest[2].envelope, "e");
  EXPECT_TRUE(replay(*writer, writer->end()).empty());
}

TEST_P(StoreConformance, IdsAscendAcrossARestartEvenIfTheClockWentBack) {
  queue::MessageId before;
  { before = append_one(*store_->body_writer(), "a", "a").id; }
  const auto writer = store_->body_writer();
  const NewBody batch[] = {message("b", "b")};
  const auto stored = writer->append(batch, kSomeTime - Seconds(3600));
  ASSERT_TRUE(stored);
  EXPECT_GT(stored->front().id, before);
}

TEST_P(StoreConformance, ReplayStopsWhenItsVisitorHasEnoughAndGoesOnFromThere) {
  const auto writer = store_->body_writer();
  for (const char* name : {"a", "b", "c"}) append_one(*writer, name, name);
  std::string seen;
  const auto one = [&](const Replayed& each) { return seen += each.envelope, false; };
  const auto none_bad = [](const std::string& what) { ADD_FAILURE() << what; };
  queue::Lsn from;
  for (int i = 0; i < 3; ++i) from = writer->replay(from, one, none_bad).value();
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(from, writer->end());
}

TEST_P(StoreConformance, ALargeBodyIsAcceptedThroughItsFile) {
  const auto writer = store_->body_writer();
  auto large = writer->open_large().value();
  const std::string piece(300'000, 'y');
  ASSERT_TRUE(large->write(piece));
  ASSERT_TRUE(large->write("tail"));
  ASSERT_TRUE(large->finish());
  NewBody added = message("envelope", "");
  added.file = large->inode();
  added.file_length = large->length();
  const auto stored = writer->append({&added, 1}, kSomeTime);
  ASSERT_TRUE(stored);
  const queue::BodyRef body = stored->front().body;
  EXPECT_EQ(body.storage, queue::BodyRef::Storage::kFile);
  EXPECT_EQ(body_of(body), piece + "tail");
  EXPECT_EQ(replay(*writer, {}).at(0).body, body);
  EXPECT_TRUE(store_->body_remover()->remove(body.storage, body.segment));
  char octet = 0;
  EXPECT_FALSE(store_->body_reader()->read(body, 0, &octet, 1));
  EXPECT_TRUE(store_->body_remover()->remove(body.storage, body.segment)) << "removing what is gone succeeds";
}

TEST_P(StoreConformance, ADiscardedLargeBodyIsGone) {
  const auto writer = store_->body_writer();
  auto large = writer->open_large().value();
  ASSERT_TRUE(large->write("octets"));
  ASSERT_TRUE(large->finish());
  const queue::BodyRef body{queue::BodyRef::Storage::kFile, large->inode(), 0, 6};
  EXPECT_EQ(body_of(body), "octets");
  large->discard();
  char octet = 0;
  EXPECT_FALSE(store_->body_reader()->read(body, 0, &octet, 1));
}

TEST_P(StoreConformance, ReadingStopsAtTheEndOfTheBody) {
  const auto writer = store_->body_writer();
  const Stored stored = append_one(*writer, "e", "0123456789");
  append_one(*writer, "e", "next");
  const auto reader = store_->body_reader();
  char octets[32];
  EXPECT_EQ(reader->read(stored.body, 4, octets, sizeof octets).value(), 6u);
  EXPECT_EQ(std::string_view(octets, 6), "456789");
  EXPECT_EQ(reader->read(stored.body, 10, octets, sizeof octets).value(), 0u);
  EXPECT_EQ(reader->read(stored.body, 999, octets, sizeof octets).value(), 0u);
}

TEST_P(StoreConformance, ARelocatedBodyIsTheSameElsewhereAndIsNotReplayed) {
  const auto writer = store_->body_writer();
  const Stored first = append_one(*writer, "a", "body a");
  const Stored second = append_one(*writer, "b", "");
  const std::pair<queue::MessageId, queue::BodyRef> bodies[] = {{first.id, first.body}, {second.id, second.body}};
  const auto moved = writer->relocate(bodies);
  ASSERT_TRUE(moved);
  EXPECT_NE(moved->at(0), first.body);
  EXPECT_EQ(body_of(moved->at(0)), "body a");
  EXPECT_EQ(body_of(moved->at(1)), "");
  append_one(*writer, "c", "c");
  EXPECT_EQ(replay(*writer, {}).size(), 3u);
}

TEST_P(StoreConformance, TheSegmentInUseIsNotRemoved) {
  const auto writer = store_->body_writer();
  const Stored stored = append_one(*writer, "a", "a");
  EXPECT_EQ(stored.body.segment, writer->open_segment());
  EXPECT_FALSE(store_->body_remover()->remove(queue::BodyRef::Storage::kJournal, writer->open_segment()));
  EXPECT_EQ(body_of(stored.body), "a");
}

TEST_P(StoreConformance, StateThatWasSyncedIsLoadedInOrder) {
  {
    const auto log = store_->state_log();
    EXPECT_TRUE(load(*log).empty());
    log->append("one");
    log->append("");
    ASSERT_TRUE(log->sync());
    log->append("three");
    ASSERT_TRUE(log->sync());
    ASSERT_TRUE(log->sync()) << "nothing to do";
  }
  {
    const auto log = store_->state_log();
    EXPECT_EQ(load(*log), (std::vector<std::string>{"one", "", "three"}));
    log->append("four");
    ASSERT_TRUE(log->sync());
  }
  EXPECT_EQ(load(*store_->state_log()), (std::vector<std::string>{"one", "", "three", "four"}));
}

TEST_P(StoreConformance, ASnapshotReplacesWhatWasBeforeItAndKeepsWhatCameMeanwhile) {
  {
    const auto log = store_->state_log();
    load(*log);
    for (int i = 0; i < 100; ++i) log->append("old");
    ASSERT_TRUE(log->snapshot_begin());
    log->append("meanwhile");
    ASSERT_TRUE(log->snapshot_append("image 1"));
    ASSERT_TRUE(log->sync());
    ASSERT_TRUE(log->snapshot_append("image 2"));
    log->append("not synced before the snapshot is finished");
    ASSERT_TRUE(log->snapshot_finish());
  }
  EXPECT_EQ(load(*store_->state_log()), (std::vector<std::string>{"image 1", "image 2", "meanwhile",
                                                                  "not synced before the snapshot is finished"}));
}

TEST_P(StoreConformance, AnUnfinishedSnapshotDoesNotCount) {
  {
    const auto log = store_->state_log();
    load(*log);
    log->append("old");
    ASSERT_TRUE(log->snapshot_begin());
    ASSERT_TRUE(log->snapshot_append("image"));
    log->append("new");
    ASSERT_TRUE(log->sync());
  }
  EXPECT_EQ(load(*store_->state_log()), (std::vector<std::string>{"old", "new"}));
}

TEST_P(StoreConformance, SnapshotsFollowEachOther) {
  const auto take = [](StateLog& log, const std::string& image) {
    EXPECT_TRUE(log.snapshot_begin());
    EXPECT_TRUE(log.snapshot_append(image));
    EXPECT_TRUE(log.snapshot_finish());
  };
  {
    const auto log = store_->state_log();
    load(*log);
    take(*log, "first");
    take(*log, "second");
  }
  {
    const auto log = store_->state_log();
    EXPECT_EQ(load(*log), (std::vector<std::string>{"second"}));
    take(*log, "third");
    log->append("after");
    ASSERT_TRUE(log->sync());
  }
  EXPECT_EQ(load(*store_->state_log()), (std::vector<std::string>{"third", "after"}));
}

TEST_P(StoreConformance, RolesThatMayNotBeSharedAreRefusedASecondTime) {
  const auto writer = store_->body_writer();
  const auto log = store_->state_log();
  EXPECT_EQ(store_->body_writer(), nullptr);
  EXPECT_EQ(store_->state_log(), nullptr);
}

}  // namespace sluice::store
