// The way from info/ into the state log: at every operation the disk may fail or the power may go, and afterwards every
// recipient that was to do is to do once, and what was done stays done.
#include "adoption.h"

#include <gmock/gmock.h>

#include <map>

#include "core/queue/todo_file.h"
#include "system/store/adoption.h"
#include "system/store/layout.h"
#include "system/store/memory_disk.h"

namespace sluice::scheduler {
namespace {

using namespace std::string_literals;
using store::MemoryDisk;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const WallTime kNow = wall_from_millis(1'800'000'000'000);
const WallTime kBirth = kNow - std::chrono::hours{5};
constexpr unsigned kSplit = 3;

store::Options options_for(MemoryDisk& disk) {
  store::Options options;
  options.disk = &disk;
  options.split = kSplit;
  return options;
}

void put(MemoryDisk& disk, const std::string& path, std::string octets, WallTime when = kBirth) {
  auto file = disk.open(path, store::Disk::Open::kCreate, 0600);
  ASSERT_TRUE(file) << path;
  iovec piece{octets.data(), octets.size()};
  ASSERT_TRUE((*file)->write_at(0, {&piece, 1}));
  disk.set_modified(path, when);
}

// A message as qmail's todo-proc leaves it; its number.
struct Left {
  std::string info = "Fa@x.example\0"s, local = {}, remote = {}, bounce = {}, todo = {};

  std::uint64_t put_into(MemoryDisk& disk) const {
    put(disk, "q/made", "body");
    const std::uint64_t number = disk.inode_of("q/made");
    const auto place = [&](const char* kind) { return fmt::format("q/{}/{}/{}", kind, number % kSplit, number); };
    static_cast<void>(disk.rename("q/made", place("mess")));
    put(disk, place("info"), info);
    if (!local.empty()) put(disk, place("local"), local, kBirth + Seconds{110 * 110});
    if (!remote.empty()) put(disk, place("remote"), remote, kBirth + Seconds{140 * 140});
    if (!bounce.empty()) put(disk, fmt::format("q/bounce/{}", number), bounce);
    if (!todo.empty()) put(disk, place("todo"), todo);
    static_cast<void>(disk.sync_file_system("q"));
    return number;
  }
};

const route::Router kRouter = route::Router::build({.envnoathost = "here.example"}).value();

// A qmail-send that takes over, delivers everything at once and is then stopped.
class Daemon {
 public:
  explicit Daemon(MemoryDisk& disk) : disk_(disk) {}

  std::vector<std::string> said;
  std::map<std::string, int> delivered;
  std::vector<std::string> failures, bodies;

  // False: it could not start.
  bool run(bool deliver = true) {
    auto log = store::open_state_log("q", options_for(disk_));
    if (!log) return false;
    queue::Image image;
    const auto report = [this](const std::string& what) { said.push_back(what); };
    if (!(*log)->load([&](Octets record) { image.apply(record); }, report)) return false;
    std::string encoded;
    const auto record = [&](const queue::StateRecord& one) {
      encoded.clear();
      queue::encode_state(encoded, one);
      image.apply(one);
      (*log)->append(encoded);
    };
    Adoption adoption(
        {.directory = "q", .number = 1, .options = options_for(disk_), .warn_after = std::chrono::hours{4}}, kRouter,
        {image, record, [&] { return (*log)->sync().has_value(); }}, report);
    const auto done = adoption.run(kNow);
    if (!done) return false;
    fresh = done->fresh.size();
    withheld = done->withheld.size();
    auto held = done->withheld;
    for (const auto& message : done->with_headers) {
      if (!put_on_top(message, image, record, **log)) return false;
      held.erase(message.id);
    }
    if (!deliver) return true;
    std::vector<queue::MessageId> finished;
    image.visit({}, 1000, [&](const queue::Image::MessageView& message) {
      if (held.contains(message.id())) return;
      bodies.push_back(text_of(message.body()));
      finished.push_back(message.id());
      EXPECT_EQ(message.arrival(), kBirth);
      EXPECT_TRUE(message.warned());
      message.each_recipient([&](const queue::Image::RecipientView& recipient) {
        if (!queue::is_done(recipient.status)) ++delivered[std::string(recipient.address)];
        if (recipient.status == queue::RecipientStatus::kFailed)
          failures.push_back(fmt::format("{}: {}", recipient.address, recipient.text));
      });
    });
    for (const queue::MessageId id : finished) record(queue::Finished{id});
    return (*log)->sync().has_value();
  }
  std::size_t fresh = 0, withheld = 0;

 private:
  std::string text_of(const queue::BodyRef& body) {
    const auto file = disk_.open(store::body_path("q", body.segment, kSplit), store::Disk::Open::kRead, 0);
    std::string text(body.length, '\0');
    EXPECT_TRUE(file && (*file)->read_at(0, text.data(), text.size()));
    return text;
  }

  // As ExtraHeaders and qmail-intake do it.
  bool put_on_top(const Adoption::WithHeader& message, const queue::Image& image,
                  const std::function<void(const queue::StateRecord&)>& record, store::StateLog& log) {
    const auto copy =
        store::Adoption("q", options_for(disk_), 0).copy_with(message.header, image.find(message.id)->body());
    if (!copy) return false;
    record(queue::Moved{message.id, *copy});
    if (!log.sync()) return false;
    std::vector<store::PreprocessedPlace> left;
    return store::remove_preprocessed(disk_, "q", {&message.place, 1}, left, [](const std::string&) {}) && left.empty();
  }

  MemoryDisk& disk_;
};

bool anything_left(MemoryDisk& disk) {
  for (const std::string kind : {"q/info", "q/local", "q/remote", "q/bounce"}) {
    const auto names = disk.list(kind);
    for (const std::string& name : *names) {
      const auto files = disk.list(kind + '/' + name);
      if (!files || !files->empty()) return true;
    }
  }
  return false;
}

TEST(AQueueThatWasInUse, IsTakenOverWithWhatIsDoneAndWhatIsNot) {
  MemoryDisk disk;
  Left{.local = "Tjoe@here.example\0Dann@here.example\0"s,
       .remote = "Dbad@y.example\0Tgood@y.example\0"s,
       .bounce = "<bad@y.example>:\nno such user. (#5.1.1)\n\n"}
      .put_into(disk);
  Left{.info = "F\0"s, .bounce = "<old@y.example>:\nrefused\n\n"}.put_into(disk);
  Daemon daemon(disk);
  ASSERT_TRUE(daemon.run());
  EXPECT_EQ(daemon.fresh, 2u);
  EXPECT_THAT(daemon.delivered, ElementsAre(std::pair("good@y.example", 1), std::pair("joe@here.example", 1)));
  EXPECT_THAT(daemon.failures, ElementsAre("bad@y.example: 5.1.1 no such user. (#5.1.1)", "old@y.example: refused"));
  EXPECT_THAT(daemon.said, IsEmpty());
  EXPECT_FALSE(anything_left(disk));
  Daemon again(disk);
  ASSERT_TRUE(again.run());
  EXPECT_EQ(again.fresh, 0u);
  EXPECT_THAT(again.delivered, IsEmpty());
}

TEST(AQueueThatWasInUse, LeavesTheTodoFileTheWordOnWhatIsHalfPreprocessed) {
  MemoryDisk disk;
  const std::uint64_t number =
      Left{.local = "Tjoe@here.example\0"s, .todo = "u1\0p2\0Fa@b\0Tjoe@here.example\0"s}.put_into(disk);
  Left{.local = "Tann@here.example\0"s, .todo = "rubbish"}.put_into(disk);
  Daemon daemon(disk);
  ASSERT_TRUE(daemon.run());
  EXPECT_EQ(daemon.fresh, 0u);
  EXPECT_FALSE(disk.exists(fmt::format("q/info/{}/{}", number % kSplit, number)));
  EXPECT_FALSE(disk.exists(fmt::format("q/local/{}/{}", number % kSplit, number)));
  EXPECT_TRUE(disk.exists(fmt::format("q/todo/{}/{}", number % kSplit, number)));
  EXPECT_THAT(daemon.said, ElementsAre(HasSubstr("the message stays there")));
}

TEST(AQueueThatWasInUse, GetsExtraHeadersOnTop) {
  MemoryDisk disk;
  Left{.info = "Fa@x.example\0eX-A: b\nX-C: d\n\0"s, .remote = "Tgood@y.example\0"s}.put_into(disk);
  Daemon daemon(disk);
  ASSERT_TRUE(daemon.run());
  EXPECT_EQ(daemon.fresh, 1u);
  EXPECT_EQ(daemon.withheld, 1u);
  EXPECT_THAT(daemon.bodies, ElementsAre("X-A: b\nX-C: d\nbody"));
  EXPECT_THAT(daemon.delivered, ElementsAre(std::pair("good@y.example", 1)));
  EXPECT_FALSE(anything_left(disk));
}

TEST(AQueueThatWasInUse, KeepsWhatCannotBeTaken) {
  MemoryDisk disk;
  Left{.info = "Xrubbish\0"s}.put_into(disk);
  const std::uint64_t no_body = Left{}.put_into(disk);
  static_cast<void>(disk.remove(fmt::format("q/mess/{}/{}", no_body % kSplit, no_body)));
  const std::uint64_t older = Left{}.put_into(disk);
  disk.set_modified(fmt::format("q/mess/{}/{}", older % kSplit, older), kBirth + std::chrono::hours{2});
  Left{.remote = "Tgood@y.example\0"s}.put_into(disk);
  Daemon daemon(disk);
  ASSERT_TRUE(daemon.run());
  EXPECT_EQ(daemon.fresh, 1u);
  EXPECT_THAT(daemon.said, ElementsAre(HasSubstr("it has a record that means nothing"),
                                       HasSubstr("its message is not where it should be"),
                                       HasSubstr("it is older than the message of its number")));
  EXPECT_TRUE(anything_left(disk));
}

TEST(AMessageWhoseOldFilesCannotBeRemoved, WaitsUntilTheyCan) {
  for (int kept = 0; kept < 40; ++kept) {
    MemoryDisk disk;
    Left{.remote = "Tgood@y.example\0"s}.put_into(disk);
    disk.fail_at(disk.operations() + static_cast<std::uint64_t>(kept), EACCES);
    Daemon daemon(disk);
    const bool started = daemon.run();
    disk.clear_faults();
    Daemon again(disk);
    ASSERT_TRUE(again.run());
    daemon.delivered.merge(again.delivered);
    // What failed may have been the sync of the delivery itself.
    EXPECT_THAT(daemon.delivered, Contains(std::pair("good@y.example", 1))) << kept;
    if (started && daemon.withheld > 0) {
      EXPECT_EQ(again.fresh, 0u);
    }
    EXPECT_FALSE(anything_left(disk));
  }
}

// The power goes at every operation; with `seed` each thing that was not synced may or may not have made it.
void lose_power_everywhere(std::uint64_t seed) {
  for (std::uint64_t operation = 1;; ++operation) {
    MemoryDisk disk;
    std::mt19937_64 chance(seed + operation);
    Left{.local = "Tone@here.example\0Dann@here.example\0"s, .bounce = "<ann@here.example>:\nno\n\n"}.put_into(disk);
    Left{.local = "Ttwo@here.example\0"s, .remote = "Tthree@y.example\0Dfour@y.example\0"s}.put_into(disk);
    Left{.info = "Fa@x.example\0eX-A: b\n\0"s, .remote = "Tfive@y.example\0"s}.put_into(disk);
    disk.lose_power_at(disk.operations() + operation);
    bool whole = false;
    Daemon first(disk);
    try {
      whole = first.run(false);
    } catch (const store::PowerLoss&) {
    }
    if (!whole) disk.power_loss(seed == 0 ? nullptr : &chance);
    disk.clear_faults();
    Daemon second(disk);
    ASSERT_TRUE(second.run());
    EXPECT_THAT(second.delivered, ElementsAre(std::pair("five@y.example", 1), std::pair("one@here.example", 1),
                                              std::pair("three@y.example", 1), std::pair("two@here.example", 1)))
        << operation;
    EXPECT_THAT(second.bodies, testing::UnorderedElementsAre("body", "body", "X-A: b\nbody")) << operation;
    EXPECT_THAT(second.failures, ElementsAre("ann@here.example: no")) << operation;
    EXPECT_FALSE(anything_left(disk)) << operation;
    Daemon third(disk);
    ASSERT_TRUE(third.run());
    EXPECT_THAT(third.delivered, IsEmpty()) << operation;
    EXPECT_THAT(third.failures, IsEmpty()) << operation;
    if (whole) return;
  }
}

TEST(AQueueThatWasInUse, LosesAndRepeatsNothingWhereverThePowerGoes) {
  for (std::uint64_t seed : {0, 1000, 2000, 3000, 4000, 5000, 6000, 7000}) lose_power_everywhere(seed);
}

}  // namespace
}  // namespace sluice::scheduler
