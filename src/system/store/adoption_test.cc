// The way from the todo directory into the journal: at every operation the disk may fail or the power may go, and
// afterwards every message that was in todo is in the queue once, with its own body.
#include "system/store/adoption.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/queue/envelope_codec.h"
#include "system/store/memory_disk.h"

namespace sluice::store {
namespace {

using testing::HasSubstr;

const WallTime kNow = wall_from_millis(1'800'000'000'000);
constexpr unsigned kSplit = 3;
const std::string kHeader = "X-Filter: clean\n";

Options options_for(MemoryDisk& disk) {
  Options options;
  options.disk = &disk;
  options.segment_size = 1u << 20;
  options.split = kSplit;
  return options;
}

void put(MemoryDisk& disk, const std::string& path, std::string octets) {
  auto file = disk.open(path, Disk::Open::kCreate, 0644);
  ASSERT_TRUE(file) << path;
  iovec piece{octets.data(), octets.size()};
  ASSERT_TRUE((*file)->write_at(0, {&piece, 1}));
  ASSERT_TRUE((*file)->sync());
  disk.set_modified(path, kNow);
}

// What a qmail-queue leaves that ended well; the body says for whom it is.
struct Client {
  unsigned split = kSplit;
  bool big_todo = true;
  std::string extra_header = {};

  TodoPlace queue(MemoryDisk& disk, const std::string& to, std::uint32_t pid) const {
    put(disk, "q/made", to);
    TodoPlace place{disk.inode_of("q/made"), std::nullopt};
    if (big_todo) place.part = static_cast<std::uint32_t>(place.number % split);
    const std::string mess = fmt::format("q/mess/{}/{}", place.number % split, place.number);
    static_cast<void>(disk.rename("q/made", mess));
    const std::string intd = todo_path("q", "intd", place), todo = todo_path("q", "todo", place);
    queue::TodoFile file{1000, pid, {}, extra_header};
    file.envelope.sender = "a@x.example";
    file.envelope.recipients.emplace_back().address = to;
    put(disk, intd, queue::encode_todo_file(file));
    static_cast<void>(disk.link(intd, todo));
    for (const std::string& path : {mess, intd, todo, std::string("q/made")})
      static_cast<void>(disk.sync_directory(path.substr(0, path.rfind('/'))));
    return place;
  }
};

// qmail-intake and todo-proc in one: adopts what is in todo.
class Daemons {
 public:
  explicit Daemons(MemoryDisk& disk) : disk_(disk) {}

  std::vector<std::string> said;

  // From a start on. False: the journal could not be opened.
  bool run() {
    auto writer = open_body_writer("q", 1, options_for(disk_));
    if (!writer) return false;
    Adoption adoption("q", options_for(disk_), 0);
    const auto report = [this](const std::string& what) { said.push_back(what); };
    adoption.recover(**writer, report);
    for (int look = 0; look < 3; ++look) adopt(**writer, adoption, report);
    return true;
  }

  // Recipient to number of messages in the journal whose body is the recipient's own.
  std::map<std::string, int> in_queue() {
    auto writer = open_body_writer("q", 1, options_for(disk_));
    std::map<std::string, int> found;
    EXPECT_TRUE(writer);
    if (!writer) return found;
    const auto reader = open_body_reader("q", options_for(disk_));
    const auto take = [&](const Replayed& each) {
      const auto envelope = queue::decode_envelope(each.envelope);
      EXPECT_TRUE(envelope);
      const std::string to = envelope->recipients.front().address;
      std::string body(each.body.length, '\0');
      EXPECT_TRUE(reader->read(each.body, 0, body.data(), body.size())) << to;
      EXPECT_EQ(body, (to == "e@y" ? kHeader : "") + to);
      EXPECT_EQ(each.arrival, kNow);
      EXPECT_EQ(each.uid, 1000u);
      ++found[to];
      return true;
    };
    EXPECT_TRUE((*writer)->replay({}, take, [](const std::string& what) { ADD_FAILURE() << what; }));
    return found;
  }

 private:
  void adopt(BodyWriter& writer, Adoption& adoption, const Adoption::Report& report) {
    const auto places = list_todo(disk_, "q");
    if (!places) return;
    std::vector<Adoptee> adoptees;
    std::vector<NewBody> batch;
    std::vector<const Adoptee*> done;
    std::vector<std::unique_ptr<LargeBody>> copies;
    adoptees.reserve(places->size());
    for (const TodoPlace& place : *places) {
      const auto read = read_todo(disk_, "q", place);
      if (!read) continue;
      adoptees.push_back({place, read->written, read->content.uid, read->content.pid, {}, read->content.extra_header});
      Adoptee& adoptee = adoptees.back();
      queue::encode_envelope(adoptee.envelope, read->content.envelope);
      auto prepared = adoption.prepare(adoptee, kNow);
      if (!prepared) {
        said.push_back(prepared.error().what);
        continue;
      }
      done.push_back(&adoptee);
      if (prepared->known) continue;
      NewBody body;
      body.envelope = adoptee.envelope;
      body.file = prepared->file;
      body.file_length = prepared->length;
      body.uid = adoptee.uid;
      body.pid = adoptee.pid;
      body.arrival = adoptee.arrival;
      batch.push_back(body);
      if (prepared->copy) copies.push_back(std::move(prepared->copy));
    }
    if (writer.append(batch, kNow)) return adoption.finish(done, report);
    for (const auto& copy : copies) copy->discard();
  }

  MemoryDisk& disk_;
};

const std::map<std::string, int> kAll{{"b@y", 1}, {"c@y", 1}, {"d@y", 1}, {"e@y", 1}};

void queue_four(MemoryDisk& disk) {
  Client{}.queue(disk, "b@y", 11);
  Client{.big_todo = false}.queue(disk, "c@y", 12);
  Client{.split = 5}.queue(disk, "d@y", 13);
  Client{.extra_header = kHeader}.queue(disk, "e@y", 14);
}

TEST(Adoption, TakesMessagesOfAnyClientAndLeavesTodoEmpty) {
  MemoryDisk disk;
  queue_four(disk);
  Daemons daemons(disk);
  ASSERT_TRUE(daemons.run());
  EXPECT_EQ(daemons.in_queue(), kAll);
  EXPECT_TRUE(list_todo(disk, "q")->empty());
  EXPECT_TRUE(disk.list("q/intd")->empty());
  EXPECT_TRUE(daemons.said.empty()) << daemons.said.front();
}

TEST(Adoption, LeavesOneBodyOfAMessageWithAnExtraHeader) {
  MemoryDisk disk;
  const TodoPlace place = Client{.extra_header = kHeader}.queue(disk, "e@y", 14);
  ASSERT_TRUE(Daemons(disk).run());
  std::size_t bodies = 0;
  for (unsigned part = 0; part < kSplit; ++part) bodies += disk.list(fmt::format("q/mess/{}", part))->size();
  EXPECT_EQ(bodies, 1u);
  EXPECT_FALSE(disk.open(body_path("q", place.number, kSplit), Disk::Open::kRead, 0));
}

TEST(Adoption, SurvivesAPowerFailureAtEveryOperation) {
  std::mt19937_64 chance(7);
  for (std::uint64_t step = 1;; ++step) {
    MemoryDisk disk;
    queue_four(disk);
    disk.lose_power_at(disk.operations() + step);
    bool lost = false;
    try {
      Daemons(disk).run();
    } catch (const PowerLoss&) {
      lost = true;
    }
    disk.power_loss(step % 2 == 0 ? &chance : nullptr);
    ASSERT_TRUE(Daemons(disk).run()) << step;
    ASSERT_EQ(Daemons(disk).in_queue(), kAll) << "power lost at operation " << step;
    ASSERT_TRUE(list_todo(disk, "q")->empty()) << step;
    if (!lost) break;
  }
}

TEST(Adoption, SurvivesTheEndOfTheProcessAtEveryOperation) {
  for (std::uint64_t step = 1;; ++step) {
    MemoryDisk disk;
    queue_four(disk);
    disk.lose_power_at(disk.operations() + step);
    bool died = false;
    try {
      Daemons(disk).run();
    } catch (const PowerLoss&) {
      died = true;  // what was written stays
    }
    disk.clear_faults();
    ASSERT_TRUE(Daemons(disk).run()) << step;
    ASSERT_EQ(Daemons(disk).in_queue(), kAll) << "died at operation " << step;
    ASSERT_TRUE(list_todo(disk, "q")->empty()) << step;
    if (!died) break;
  }
}

TEST(Adoption, SurvivesAFailureOfEveryOperation) {
  MemoryDisk sound;
  queue_four(sound);
  const std::uint64_t before = sound.operations();
  ASSERT_TRUE(Daemons(sound).run());
  const std::uint64_t steps = sound.operations() - before;
  for (const int error : {EIO, ENOSPC}) {
    for (std::uint64_t step = 1; step <= steps; ++step) {
      MemoryDisk disk;
      queue_four(disk);
      disk.fail_at(disk.operations() + step, error);
      Daemons(disk).run();
      disk.clear_faults();
      ASSERT_TRUE(Daemons(disk).run()) << step;
      ASSERT_EQ(Daemons(disk).in_queue(), kAll) << "operation " << step << " failed";
      ASSERT_TRUE(list_todo(disk, "q")->empty()) << step;
    }
  }
}

TEST(Adoption, TakesANewMessageUnderAnOldNumber) {
  MemoryDisk disk;
  const TodoPlace first = Client{}.queue(disk, "b@y", 11);
  ASSERT_TRUE(Daemons(disk).run());
  // The first message is done: its body goes, and its number comes again. Even the same second and the same process.
  ASSERT_TRUE(disk.remove(body_path("q", first.number, kSplit)));
  disk.give_next_inode(first.number);
  Client{}.queue(disk, "c@y", 11);
  ASSERT_TRUE(Daemons(disk).run());
  EXPECT_TRUE(list_todo(disk, "q")->empty());
  auto writer = open_body_writer("q", 1, options_for(disk));
  std::vector<std::string> recipients;
  const auto take = [&](const Replayed& each) {
    recipients.push_back(queue::decode_envelope(each.envelope)->recipients.front().address);
    return true;
  };
  ASSERT_TRUE((*writer)->replay({}, take, [](const std::string&) {}));
  EXPECT_THAT(recipients, testing::ElementsAre("b@y", "c@y"));
}

TEST(Adoption, DoesNotTakeAMessageTwiceWhoseTodoFileCannotBeRemoved) {
  MemoryDisk disk;
  const TodoPlace place = Client{}.queue(disk, "b@y", 11);
  auto writer = open_body_writer("q", 1, options_for(disk));
  Adoption adoption("q", options_for(disk), 0);
  const auto read = read_todo(disk, "q", place);
  Adoptee adoptee{place, read->written, 1000, 11, {}, {}};
  queue::encode_envelope(adoptee.envelope, read->content.envelope);
  ASSERT_FALSE(adoption.prepare(adoptee, kNow)->known);
  std::vector<std::string> said;
  const Adoptee* const adoptees[] = {&adoptee};
  disk.fail_always(EIO);
  adoption.finish(adoptees, [&](const std::string& what) { said.push_back(what); });
  disk.fail_always(0);
  EXPECT_FALSE(said.empty());
  EXPECT_TRUE(adoption.prepare(adoptee, kNow)->known);
  adoption.finish(adoptees, [](const std::string& what) { ADD_FAILURE() << what; });
  EXPECT_TRUE(list_todo(disk, "q")->empty());
  EXPECT_TRUE(adoption.prepare(adoptee, kNow).error().gone);
}

class AdoptionChecks : public testing::Test {
 protected:
  AdoptionChecks() : place_(Client{}.queue(disk_, "b@y", 11)) {}
  Adoption::Obstacle obstacle(std::uint32_t owner = 0) {
    Adoption adoption("q", options_for(disk_), owner);
    const auto prepared = adoption.prepare({place_, kNow, 1000, 11, "envelope", {}}, kNow);
    return prepared ? Adoption::Obstacle{.what = "none"} : prepared.error();
  }
  std::string body() const { return body_path("q", place_.number, kSplit); }

  MemoryDisk disk_;
  TodoPlace place_;
};

TEST_F(AdoptionChecks, RefuseAMessageWithoutABody) {
  ASSERT_TRUE(disk_.remove(body()));
  EXPECT_TRUE(obstacle().permanent);
  EXPECT_THAT(obstacle().what, HasSubstr("missing"));
}

TEST_F(AdoptionChecks, RefuseABodyWithAnotherName) {
  ASSERT_TRUE(disk_.link(body(), "q/mess/0/1"));
  EXPECT_THAT(obstacle().what, HasSubstr("another name"));
}

TEST_F(AdoptionChecks, RefuseAFileWithAnotherNumber) {
  ASSERT_TRUE(disk_.remove(body()));
  put(disk_, body(), "x");
  EXPECT_TRUE(obstacle().permanent);
}

TEST_F(AdoptionChecks, RefuseAFileOfSomebodyElse) { EXPECT_TRUE(obstacle(1).permanent); }

TEST_F(AdoptionChecks, RefuseAnEnvelopeThatIsOlderThanTheMessage) {
  disk_.set_modified(body(), kNow + std::chrono::hours{2});
  EXPECT_THAT(obstacle().what, HasSubstr("older"));
}

TEST_F(AdoptionChecks, WaitForATodoFileThatHasChanged) {
  disk_.set_modified(todo_path("q", "todo", place_), kNow + Duration{1});
  EXPECT_FALSE(obstacle().permanent);
}

TEST(TodoFiles, AreFoundInBothWaysOfKeepingThem) {
  MemoryDisk disk;
  const TodoPlace split = Client{}.queue(disk, "b@y", 11), plain = Client{.big_todo = false}.queue(disk, "c@y", 12);
  put(disk, "q/todo/readme", "x");
  EXPECT_THAT(list_todo(disk, "q").value(), testing::ElementsAre(split, plain));
}

TEST(TodoFiles, ThatAreNoEnvelopeAreSaidToBeMalformed) {
  MemoryDisk disk;
  const TodoPlace place = Client{}.queue(disk, "b@y", 11);
  disk.content(todo_path("q", "todo", place)) = "rubbish";
  const auto read = read_todo(disk, "q", place);
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().malformed);
  EXPECT_EQ(read.error().written, kNow);
  EXPECT_TRUE(read_todo(disk, "q", {4711, std::nullopt}).error().gone);
}

}  // namespace
}  // namespace sluice::store
