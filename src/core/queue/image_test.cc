#include "core/queue/image.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <map>
#include <random>

#include "core/queue/envelope_codec.h"

namespace sluice::queue {
namespace {

Admitted message(std::uint64_t id, std::size_t recipients = 1,
                 BodyRef body = {BodyRef::Storage::kJournal, 0, 0, 4096}) {
  Admitted admitted;
  admitted.id = MessageId{id};
  admitted.next = Lsn{id * 10};
  admitted.arrival = wall_from_millis(1767225600000 + static_cast<std::int64_t>(id));
  admitted.body = body;
  admitted.envelope.sender = "sender12@example.org";
  admitted.envelope.client = "[192.0.2.1]";
  for (std::size_t i = 0; i < recipients; ++i) {
    admitted.routed.push_back({Channel::kRemote, {"rcpt" + std::to_string(1000 + i) + "@example.net", 0, ""}});
  }
  return admitted;
}

std::string encoded(const Admitted& admitted) {
  std::string out;
  encode_state(out, admitted);
  return out;
}
template <class Record>
std::string encoded(const Record& record) {
  std::string out;
  encode_state(out, record);
  return out;
}

// Everything an image says, as text: two images are the same if their texts are.
std::string story(const Image& image) {
  std::string text;
  const auto tell = [&](const Image::MessageView& view) {
    text += std::to_string(view.id().raw()) + ' ' + std::string(view.sender()) + ' ' +
            std::to_string(to_millis(view.arrival())) + ' ' + std::to_string(view.body().segment) + '+' +
            std::to_string(view.body().offset) + ' ' + (view.bounce() ? std::to_string(view.bounce()->raw()) : "-") +
            (view.warned() ? " warned" : "") + (view.given_up() ? " given up" : "") +
            (view.held() ? " held: " + std::string(view.hold_reason()) : "");
    view.each_recipient([&](const Image::RecipientView& each) {
      text += "\n  " + std::string(each.address) + ' ' + std::to_string(int(each.status)) + ' ' +
              std::to_string(each.attempts) + ' ' + std::to_string(to_millis(each.next_attempt)) + ' ' +
              std::string(each.text) + ' ' + std::string(name_of(each.channel)) + ' ' +
              std::to_string(int(each.reached));
    });
    text += '\n';
  };
  image.visit({}, 1'000'000, tell);
  for (const SegmentUse& use : image.space().segments()) {
    text += "segment " + std::to_string(use.segment) + ' ' + std::to_string(use.live_messages) + ' ' +
            std::to_string(use.live_octets) + '\n';
  }
  return text + "watermark " + std::to_string(image.watermark().raw());
}

TEST(Image, KeepsAMessageUntilItIsFinished) {
  Image image;
  ASSERT_TRUE(image.apply(encoded(message(5, 2))));
  ASSERT_TRUE(image.find(MessageId{5}));
  EXPECT_EQ(image.find(MessageId{5})->sender(), "sender12@example.org");
  EXPECT_EQ(image.find(MessageId{5})->recipients(), 2u);
  EXPECT_EQ(image.watermark(), Lsn{50});
  image.apply(Finished{MessageId{5}});
  EXPECT_FALSE(image.find(MessageId{5}));
  EXPECT_EQ(image.size(), 0u);
}

TEST(Image, KnowsWhatHappenedToEachRecipient) {
  Image image;
  image.apply(encoded(message(5, 3)));
  image.apply(Deferred{MessageId{5}, wall_from_millis(9000), 2, "try later", {0, 2}});
  image.apply(Settled{MessageId{5}, 2, mail::Verdict::kFailed, "no such user"});
  image.apply(Settled{MessageId{5}, 1, mail::Verdict::kDelivered, ""});
  std::vector<Image::RecipientView> seen;
  image.find(MessageId{5})->each_recipient([&](const auto& each) { seen.push_back(each); });
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].status, RecipientStatus::kDeferred);
  EXPECT_EQ(seen[0].text, "try later");
  EXPECT_EQ(seen[0].attempts, 2);
  EXPECT_EQ(seen[0].next_attempt, wall_from_millis(9000));
  EXPECT_EQ(seen[1].status, RecipientStatus::kDelivered);
  EXPECT_EQ(seen[2].status, RecipientStatus::kFailed);
  EXPECT_EQ(seen[2].text, "no such user");
  EXPECT_EQ(image.find(MessageId{5})->pending(), 1u);
}

TEST(Image, RemembersHowFarADeliveredMessageCame) {
  Image image;
  image.apply(encoded(message(5, 2)));
  image.apply(Settled{MessageId{5}, 1, mail::Verdict::kDelivered, "2.0.0 passed on", mail::Reached::kServer});
  std::vector<Image::RecipientView> seen;
  image.find(MessageId{5})->each_recipient([&](const auto& each) { seen.push_back(each); });
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].reached, mail::Reached::kMailbox);
  EXPECT_EQ(seen[1].reached, mail::Reached::kServer);
  EXPECT_EQ(seen[1].text, "2.0.0 passed on");
  EXPECT_EQ(seen[1].channel, Channel::kRemote);
}

TEST(Image, RemembersThatAMessageIsKnownToBeLate) {
  Image image;
  image.apply(encoded(message(5)));
  EXPECT_FALSE(image.find(MessageId{5})->warned());
  image.apply(Warned{MessageId{5}, MessageId{9}});
  image.apply(Warned{MessageId{6}, MessageId{9}});
  EXPECT_TRUE(image.find(MessageId{5})->warned());
  EXPECT_FALSE(image.find(MessageId{5})->bounce());
}

TEST(Image, TakesTheWordOfAnotherQueueThatAMessageIsKnownToBeLate) {
  Image image;
  Admitted admitted = message(5);
  admitted.envelope.warned = true;
  image.apply(encoded(admitted));
  EXPECT_TRUE(image.find(MessageId{5})->warned());
}

TEST(Image, RemembersWhatAnOperatorGaveUp) {
  Image image;
  image.apply(encoded(message(5)));
  EXPECT_FALSE(image.find(MessageId{5})->given_up());
  image.apply(encoded(GivenUp{MessageId{5}}));
  image.apply(encoded(GivenUp{MessageId{6}}));
  EXPECT_TRUE(image.find(MessageId{5})->given_up());
}

TEST(Image, RemembersWhatAnOperatorHoldsAndWhy) {
  Image image;
  image.apply(encoded(message(5)));
  EXPECT_FALSE(image.find(MessageId{5})->held());
  image.apply(encoded(Held{MessageId{5}, true, "looks odd"}));
  image.apply(encoded(Held{MessageId{6}, true, "is not here"}));
  EXPECT_TRUE(image.find(MessageId{5})->held());
  EXPECT_EQ(image.find(MessageId{5})->hold_reason(), "looks odd");
  image.apply(encoded(Held{MessageId{5}, true, ""}));
  EXPECT_TRUE(image.find(MessageId{5})->held());
  EXPECT_EQ(image.find(MessageId{5})->hold_reason(), "");
  image.apply(encoded(Held{MessageId{5}, false, "ignored"}));
  EXPECT_FALSE(image.find(MessageId{5})->held());
  EXPECT_EQ(image.find(MessageId{5})->hold_reason(), "");
}

TEST(Image, KnowsWhatTheSubmitterSaidAboutAMessage) {
  Image image;
  Admitted admitted = message(5, 3);
  admitted.envelope.mode = mail::DeliveryMode::kQueueOnly;
  admitted.envelope.precedence = -60;
  admitted.envelope.urgency = mail::Urgency::kNonUrgent;
  image.apply(encoded(admitted));
  image.apply(encoded(message(6)));
  EXPECT_EQ(image.find(MessageId{5})->delivery_mode(), mail::DeliveryMode::kQueueOnly);
  EXPECT_EQ(image.find(MessageId{5})->precedence(), -60);
  EXPECT_EQ(image.find(MessageId{5})->urgency(), mail::Urgency::kNonUrgent);
  EXPECT_EQ(image.find(MessageId{6})->delivery_mode(), mail::DeliveryMode::kBackground);
  EXPECT_EQ(image.find(MessageId{6})->precedence(), 0);
  EXPECT_EQ(image.find(MessageId{5})->attempts(), 0);
  image.apply(Deferred{MessageId{5}, wall_from_millis(9000), 4, "later", {1}});
  image.apply(Deferred{MessageId{5}, wall_from_millis(9000), 2, "later", {0, 2}});
  EXPECT_EQ(image.find(MessageId{5})->attempts(), 4);
}

TEST(Image, ADoneRecipientStaysDone) {
  Image image;
  image.apply(encoded(message(5)));
  image.apply(Settled{MessageId{5}, 0, mail::Verdict::kDelivered, ""});
  image.apply(Deferred{MessageId{5}, wall_from_millis(9000), 1, "late record", {0}});
  image.apply(Settled{MessageId{5}, 0, mail::Verdict::kFailed, "late record"});
  EXPECT_EQ(image.find(MessageId{5})->state(0).status, RecipientStatus::kDelivered);
}

TEST(Image, RecordsAboutUnknownMessagesOrRecipientsChangeNothing) {
  Image image;
  image.apply(encoded(message(5)));
  const std::string before = story(image);
  image.apply(Deferred{MessageId{5}, {}, 1, "t", {1, 0xFFFFFFFF}});
  image.apply(Settled{MessageId{5}, 7, mail::Verdict::kFailed, ""});
  image.apply(Settled{MessageId{6}, 0, mail::Verdict::kFailed, ""});
  image.apply(Moved{MessageId{6}, {}});
  image.apply(Bounced{MessageId{6}, MessageId{7}});
  image.apply(Finished{MessageId{6}});
  EXPECT_FALSE(image.apply(Octets("\xff nonsense")));
  EXPECT_FALSE(image.apply(encoded(message(0)))) << "the id that names nothing";
  EXPECT_EQ(story(image), before);
}

TEST(Image, IsVisitedInOrderAndInSlicesWhileItChanges) {
  Image image;
  for (std::uint64_t id : {10, 20, 30, 40, 50, 35}) image.apply(encoded(message(id)));
  std::vector<std::uint64_t> seen;
  const auto note = [&](const Image::MessageView& view) { seen.push_back(view.id().raw()); };
  auto after = image.visit({}, 2, note);
  ASSERT_TRUE(after);
  image.apply(Finished{MessageId{20}});
  image.apply(Finished{MessageId{30}});
  image.apply(encoded(message(60)));
  after = image.visit(*after, 100, note);
  EXPECT_FALSE(after);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{10, 20, 35, 40, 50, 60}));
}

TEST(Image, TellsWhichSegmentsAreDead) {
  Image image;
  const auto in = [](std::uint64_t segment) { return BodyRef{BodyRef::Storage::kJournal, segment, 100, 50}; };
  Admitted first = message(1, 1, in(0)), second = message(2, 1, in(1000)), third = message(3, 1, in(2000));
  first.next = Lsn{150}, second.next = Lsn{1150}, third.next = Lsn{2150};
  image.apply(encoded(first));
  image.apply(Finished{MessageId{1}});
  EXPECT_TRUE(image.space().dead_segments(image.watermark()).empty()) << "more may come from the segment in use";
  image.apply(Moved{MessageId{9}, in(1000)});
  image.apply(encoded(second));
  EXPECT_EQ(image.space().dead_segments(image.watermark()), std::vector<std::uint64_t>{0});
  image.apply(encoded(third));
  EXPECT_EQ(image.space().worst_segment(image.watermark(), 0.5)->segment, 1000u);
  EXPECT_FALSE(image.space().worst_segment(image.watermark(), 0.01));
  image.apply(Moved{MessageId{2}, in(2000)});
  EXPECT_EQ(image.space().dead_segments(image.watermark()), (std::vector<std::uint64_t>{0, 1000}));
  image.apply(Removed{0});
  image.apply(Removed{2000});  // still in use: not believed
  EXPECT_EQ(image.space().segments().size(), 2u);
}

TEST(Image, NamesAReleasedBodyFileOnce) {
  Image image;
  image.apply(encoded(message(1, 1, {BodyRef::Storage::kFile, 991, 0, 10})));
  image.apply(Finished{MessageId{1}});
  image.apply(Finished{MessageId{1}});
  EXPECT_EQ(image.space().take_released_files(), std::vector<std::uint64_t>{991});
  EXPECT_TRUE(image.space().take_released_files().empty());
}

TEST(Image, TakesNoMoreMemoryThanPromised) {
  const auto used = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  constexpr std::size_t kMessages = 100'000;
  const std::size_t before = used();
  if (std::string probe(100'000, 'x'); used() < before + probe.size()) GTEST_SKIP() << "no malloc that counts";
  auto image = std::make_unique<Image>();
  for (std::uint64_t id = 1; id <= kMessages; ++id) {
    image->apply(encoded(message(id)));
    image->apply(Deferred{MessageId{id}, wall_from_millis(9000), 1, "451 4.4.1 connection timed out", {0}});
  }
  EXPECT_LE((used() - before) / kMessages, 180u);
  for (std::uint64_t id = 1; id <= kMessages; ++id) image->apply(Finished{MessageId{id}});
  image.reset();
  EXPECT_LE(used(), before + 100'000) << "and gives it back";
}

// The promise of the fuzzy snapshot: a snapshot taken in slices while records go on, and then all records since it was
// begun, give the image that all records give. At every moment, whatever the records.
class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {}

  std::string next(const Image& image) {
    if (image.size() < 3 || random_() % 4 == 0) return admit();
    const MessageId id = any_of(image);
    const auto view = *image.find(id);
    const auto recipient = static_cast<std::uint32_t>(random_() % view.recipients());
    switch (random_() % 11) {
      case 0:
      case 1:
        return encoded(Deferred{id,
                                wall_from_millis(static_cast<std::int64_t>(random_() % 100000)),
                                static_cast<std::uint16_t>(view.state(recipient).attempts + 1),
                                text(),
                                {recipient}});
      case 2:
      case 3:
        return encoded(Settled{id, recipient, random_() % 2 ? mail::Verdict::kDelivered : mail::Verdict::kFailed,
                               text(), static_cast<mail::Reached>(random_() % 4)});
      case 4:
        return encoded(Bounced{id, MessageId{random_() % 100 + 1}});
      case 5:
        return encoded(Moved{id, {BodyRef::Storage::kJournal, segment_, static_cast<std::uint32_t>(++lsn_), 100}});
      case 6:
        return encoded(Warned{id, MessageId{random_() % 100}});
      case 7:
      case 8:
        return encoded(Held{id, random_() % 2 == 0, text()});
      case 9:
        if (const auto dead = image.space().dead_segments(image.watermark()); !dead.empty())
          return encoded(Removed{dead[0]});
        [[fallthrough]];
      default:
        return encoded(Finished{id});
    }
  }

 private:
  std::string admit() {
    lsn_ += 100;
    if (random_() % 10 == 0) segment_ = lsn_;
    Admitted admitted = message(++id_, 1 + random_() % 4, {BodyRef::Storage::kJournal, segment_, 8, 100});
    admitted.next = Lsn{lsn_ + 100};
    return encoded(admitted);
  }
  MessageId any_of(const Image& image) {
    MessageId id;
    image.visit(MessageId{random_() % id_}, 1, [&](const auto& view) { id = view.id(); });
    if (!id) image.visit({}, 1, [&](const auto& view) { id = view.id(); });
    return id;
  }
  std::string_view text() {
    static constexpr std::string_view kTexts[] = {"", "timed out", "no such user", "greylisted"};
    return kTexts[random_() % 4];
  }

  std::mt19937_64 random_;
  std::uint64_t id_ = 0, lsn_ = 0, segment_ = 0;
};

TEST(FuzzySnapshot, AndTheRecordsSinceGiveTheSameImage) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Workload workload(seed);
    std::mt19937_64 random(seed + 1000);
    Image live;
    for (int i = 0; i < 200; ++i) live.apply(workload.next(live));

    std::vector<std::string> log, snapshot;
    const auto keep = [&](Octets record) { snapshot.emplace_back(record); };
    const auto records = [&](std::uint64_t count) {
      for (; count > 0; --count) live.apply(log.emplace_back(workload.next(live)));
    };
    std::optional<MessageId> after = MessageId{};
    while (after) {
      records(random() % 20);
      after = live.visit(*after, 1 + random() % 5, [&](const auto& view) { live.encode_snapshot(view.id(), keep); });
    }
    records(random() % 5);
    live.encode_snapshot_tail(keep);
    records(random() % 50);

    Image loaded;
    for (const std::string& record : snapshot) ASSERT_TRUE(loaded.apply(record));
    for (const std::string& record : log) ASSERT_TRUE(loaded.apply(record));
    ASSERT_EQ(story(loaded), story(live)) << "seed " << seed;
    // And once more, as after a crash in the middle of loading.
    for (const std::string& record : log) loaded.apply(record);
    ASSERT_EQ(loaded.size(), live.size());
  }
}

}  // namespace
}  // namespace sluice::queue
