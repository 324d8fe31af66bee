// Renumbering of a queue: at every operation the power may go, and after the next run every message has all of its own
// files under the number of its body.
#include "system/standstill/numbering.h"

#include <gmock/gmock.h>

#include "system/store/memory_disk.h"

namespace sluice::standstill {
namespace {

using store::MemoryDisk;
using testing::IsEmpty;

constexpr Shape kShape{3, true};

void put(MemoryDisk& disk, const std::string& path, std::string octets) {
  auto file = disk.open(path, store::Disk::Open::kCreate, 0600);
  ASSERT_TRUE(file) << path;
  iovec piece{octets.data(), octets.size()};
  ASSERT_TRUE((*file)->write_at(0, {&piece, 1}));
}

// A message whose files stand under `number` in a queue of the shape `shape`; its inode is `inode`.
void message(MemoryDisk& disk, std::uint64_t number, std::uint64_t inode, const std::string& name,
             Shape shape = kShape) {
  disk.give_next_inode(inode);
  put(disk, path_for("q", "mess", number, shape), name);
  disk.give_next_inode(90'000 + 10 * inode);
  for (const char* kind : {"info", "local", "todo", "bounce"}) put(disk, path_for("q", kind, number, shape), name);
  static_cast<void>(disk.sync_file_system("q"));
}

bool is_whole(MemoryDisk& disk, std::uint64_t number, const std::string& name) {
  for (const char* kind : {"mess", "info", "local", "todo", "bounce"}) {
    const std::string path = path_for("q", kind, number, kShape);
    if (!disk.exists(path) || disk.content(path) != name) return false;
  }
  return disk.inode_of(path_for("q", "mess", number, kShape)) == number;
}

struct Attempt {
  std::vector<std::string> said, changes;
  Numbered numbered;
};

Attempt run(MemoryDisk& disk, bool change = true, boost::unordered_flat_set<std::uint64_t> in_use = {}) {
  Attempt result;
  NumberingOrders orders;
  orders.shape = kShape;
  orders.in_use = std::move(in_use);
  orders.approve = [&](Change, const std::string& text) { return result.changes.push_back(text), change; };
  orders.complain = [&](const std::string& text) { result.said.push_back(text); };
  result.numbered = put_in_order(disk, "q", orders);
  return result;
}

// Two that change places, a chain, one that is right, one in a wrong place.
void restored_queue(MemoryDisk& disk) {
  message(disk, 2001, 2002, "a");
  message(disk, 2002, 2001, "b");
  message(disk, 2003, 2004, "c");
  message(disk, 2004, 2005, "d");
  message(disk, 2006, 2006, "e");
  message(disk, 2007, 2007, "f", {7, false});
}

bool in_order(MemoryDisk& disk) {
  return is_whole(disk, 2002, "a") && is_whole(disk, 2001, "b") && is_whole(disk, 2004, "c") &&
         is_whole(disk, 2005, "d") && is_whole(disk, 2006, "e") && is_whole(disk, 2007, "f");
}

TEST(AQueueThatWasCopied, GetsTheNumbersOfItsBodies) {
  MemoryDisk disk;
  restored_queue(disk);
  const Attempt first = run(disk);
  EXPECT_THAT(first.said, IsEmpty());
  EXPECT_TRUE(in_order(disk));
  EXPECT_EQ(run(disk).numbered.found, 0u);
}

TEST(AQueueThatWasCopied, IsOnlyLookedAtWhenNothingMayChange) {
  MemoryDisk disk;
  restored_queue(disk);
  const auto before = disk.operations();
  EXPECT_GE(run(disk, false).numbered.found, 5u);
  EXPECT_EQ(disk.operations(), before);
}

TEST(AQueueThatWasCopied, IsPutInOrderByTheNextRunWhereverThePowerGoes) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    for (std::uint64_t operation = 1;; ++operation) {
      MemoryDisk disk;
      restored_queue(disk);
      std::mt19937_64 chance(1000 * seed + operation);
      disk.lose_power_at(disk.operations() + operation);
      bool whole = false;
      try {
        run(disk);
        whole = true;
      } catch (const store::PowerLoss&) {
        disk.power_loss(seed == 0 ? nullptr : &chance);
      }
      disk.clear_faults();
      const Attempt second = run(disk);
      EXPECT_THAT(second.said, IsEmpty()) << seed << ' ' << operation;
      ASSERT_TRUE(in_order(disk)) << seed << ' ' << operation;
      if (whole) break;
    }
  }
}

TEST(AQueueThatWasCopied, IsPutInOrderByTheNextRunWhateverFails) {
  for (std::uint64_t operation = 1; operation < 120; ++operation) {
    MemoryDisk disk;
    restored_queue(disk);
    disk.fail_at(disk.operations() + operation, EIO);
    run(disk);
    disk.clear_faults();
    run(disk);
    ASSERT_TRUE(in_order(disk)) << operation;
  }
}

TEST(Numbers, OfBodiesThatTheJournalKnowsStay) {
  MemoryDisk disk;
  message(disk, 2001, 2002, "a");
  EXPECT_EQ(run(disk, true, {2001}).numbered.found, 0u);
  EXPECT_TRUE(disk.exists(path_for("q", "mess", 2001, kShape)));
}

TEST(Strays, AreKeptInQuarantineUnlessTheyAreEmpty) {
  MemoryDisk disk;
  put(disk, "q/info/0/3000", "Fa@b");
  put(disk, "q/bounce/3000", "text");
  put(disk, "q/local/0/3000", "");
  put(disk, "q/remote/1/3001.new", "Ta@b");
  put(disk, "q/quarantine/bounce.3000", "older");
  static_cast<void>(disk.sync_file_system("q"));
  const Attempt first = run(disk);
  EXPECT_THAT(first.said, IsEmpty());
  EXPECT_EQ(disk.content("q/quarantine/info.3000"), "Fa@b");
  EXPECT_EQ(disk.content("q/quarantine/bounce.3000"), "older");
  EXPECT_EQ(disk.content("q/quarantine/bounce.3000.1"), "text");
  EXPECT_EQ(disk.content("q/quarantine/remote.3001"), "Ta@b");
  EXPECT_FALSE(disk.exists("q/local/0/3000"));
  EXPECT_EQ(run(disk).numbered.found, 0u);
}

TEST(Bodies, OfWhichTwoWantOneNumberAreLeftAlone) {
  MemoryDisk disk;
  message(disk, 2001, 2001, "a");
  static_cast<void>(disk.link("q/mess/0/2001", "q/mess/1/2002"));
  const Attempt first = run(disk);
  EXPECT_EQ(first.said.size(), 2u);
  EXPECT_TRUE(is_whole(disk, 2001, "a"));
}

}  // namespace
}  // namespace sluice::standstill
