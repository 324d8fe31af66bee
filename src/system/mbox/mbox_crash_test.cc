// A process that dies, or a call that fails, at every step of a delivery.
#include <map>

#include "system/mbox/mbox_for_tests.h"

namespace sluice::mbox {
namespace {

using Fault = FaultyDisk::Fault;

const std::string kOld = "From z@z Sun Nov 22 00:00:00 2026\n\nold\n\n";
const std::string kBody = "Subject: first\n\n" + std::string(200'000, 'x') + "\n";

struct Place {
  const char* name;
  bool attributes, files;
};
class MboxCrash : public MboxTest, public ::testing::WithParamInterface<Place> {
 protected:
  FaultyDisk disk(int at, Fault fault) const {
    FaultyDisk disk;
    disk.at = at;
    disk.fault = fault;
    disk.attributes = GetParam().attributes;
    disk.files = GetParam().files;
    return disk;
  }
  void start() const {
    set_content(kOld);
    std::filesystem::remove(path_ + ".lock");
  }
  // A delivery of the first letter in a process of its own, with this fault. Whether it said that it was done, and
  // whether the fault came at all.
  std::pair<bool, bool> first(int at, Fault fault) {
    const int status = in_child([&] {
      FaultyDisk faulty = disk(at, fault);
      return deliver(path_, letter_from("a@b"), pieces({kBody.substr(0, 70'000), kBody.substr(70'000)}), kOnce, faulty)
          .has_value();
    });
    return {WIFEXITED(status) && WEXITSTATUS(status) == 0, WIFSIGNALED(status)};
  }
};

TEST_P(MboxCrash, KilledAnywhereLeavesWholeMessagesOnly) {
  const std::string one = kOld + stored("c@d", "second\n");
  const std::string both = kOld + stored("a@b", kBody) + stored("c@d", "second\n");
  int rounds = 0;
  for (const Fault fault : {Fault::kKillBefore, Fault::kKillInTheMiddle, Fault::kKillAfter}) {
    bool killed = true;
    for (int at = 1; killed || fault == Fault::kKillInTheMiddle; ++at, ++rounds) {
      ASSERT_LT(at, 100);
      start();
      bool done = false;
      std::tie(done, killed) = first(at, fault);
      if (fault == Fault::kKillInTheMiddle && at > 20) break;
      FaultyDisk faultless = disk(0, Fault::kNone);
      const auto second = put("c@d", "second\n", faultless);
      ASSERT_TRUE(second) << second.error().text;
      EXPECT_TRUE(content() == both || (!done && content() == one)) << "call " << at;
      EXPECT_EQ(files(), 1u);
    }
  }
  EXPECT_GT(rounds, 20);
}

TEST_P(MboxCrash, RecoverAloneCutsTheTornTail) {
  int cut = 0;
  for (int at = 1; at < 10; ++at) {
    start();
    first(at, Fault::kKillInTheMiddle);
    FaultyDisk faultless = disk(0, Fault::kNone);
    const auto recovered = recover(path_, kOnce, faultless);
    ASSERT_TRUE(recovered);
    if (*recovered == Recovered::kCut) {
      ++cut;
      EXPECT_EQ(content(), kOld);
    }
    EXPECT_EQ(*recover(path_, kOnce, faultless), Recovered::kNothing);
  }
  EXPECT_GE(cut, 2);
}

TEST_P(MboxCrash, FailureOfAnyCallIsATroubleAndLeavesTheMailboxAsItWas) {
  for (const int error : {EIO, ENOSPC}) {
    for (int at = 1;; ++at) {
      ASSERT_LT(at, 100);
      start();
      FaultyDisk faulty = disk(at, Fault::kFail);
      faulty.error = error;
      const auto result = put("a@b", kBody, faulty);
      FaultyDisk faultless = disk(0, Fault::kNone);
      ASSERT_TRUE(put("c@d", "second\n", faultless)) << at;
      EXPECT_EQ(content(), kOld + (result ? stored("a@b", kBody) : "") + stored("c@d", "second\n")) << at;
      if (faulty.calls < at) break;
    }
  }
}

TEST_P(MboxCrash, WhatCannotBeCutNowIsCutByTheNextDelivery) {
  for (int at = 1;; ++at) {
    start();
    FaultyDisk faulty = disk(at, Fault::kFail);
    faulty.cuts = false;
    const auto result = put("a@b", kBody, faulty);
    if (faulty.calls < at) break;
    const bool torn = content() != kOld;
    if (!result && torn) {
      EXPECT_EQ(result.error().reason, Reason::kTorn);
    }
    FaultyDisk faultless = disk(0, Fault::kNone);
    ASSERT_TRUE(put("c@d", "second\n", faultless));
    if (!result) {
      EXPECT_EQ(content(), kOld + stored("c@d", "second\n")) << at;
    }
  }
}

TEST_P(MboxCrash, MailOfOthersIsNeverCut) {
  const std::map<const char*, std::function<void()>> changes{
      {"appended",
       [&] { std::ofstream(path_, std::ios::app) << "\nFrom q@q Sun Nov 22 09:00:00 2026\n\nforeign\n\n"; }},
      {"rewritten before", [&] { set_content("From y@y" + content().substr(8)); }},
      {"emptied", [&] { set_content(""); }},
      {"another message in the same place",
       [&] { set_content(kOld + "From q@q Sun Nov 22 09:00:00 2026\n\nforeign\n\n"); }},
      {"another file", [&] {
         const std::string text = content();
         std::ofstream(path_ + ".new") << text;
         std::filesystem::rename(path_ + ".new", path_);
       }}};
  for (const auto& [what, change] : changes) {
    start();
    int at = 1;
    do start();
    while (first(at++, Fault::kKillInTheMiddle), content() == kOld);
    change();
    const std::string before = content();
    FaultyDisk faultless = disk(0, Fault::kNone);
    ASSERT_TRUE(put("c@d", "second\n", faultless)) << what;
    EXPECT_TRUE(content().starts_with(before)) << what << " (" << before.size() << " octets)";
    EXPECT_TRUE(content().ends_with(stored("c@d", "second\n"))) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(Places, MboxCrash,
                         ::testing::Values(Place{"attribute", true, true}, Place{"file", false, true}),
                         [](const auto& place) { return std::string(place.param.name); });

TEST_F(MboxTest, WithoutAPlaceForTheIntentATornMessageStaysApartFromTheNext) {
  set_content(kOld);
  in_child([&] {
    FaultyDisk faulty;
    faulty.attributes = faulty.files = false;
    faulty.at = 1;
    faulty.fault = Fault::kKillInTheMiddle;
    return put("a@b", "Subject: first\n\nlong line", faulty).has_value();
  });
  const std::string torn = content();
  ASSERT_GT(torn.size(), kOld.size());
  FaultyDisk faultless;
  faultless.attributes = faultless.files = false;
  ASSERT_TRUE(put("c@d", "second\n", faultless));
  EXPECT_TRUE(content().starts_with(torn));
  EXPECT_TRUE(content().ends_with("\n\n" + stored("c@d", "second\n")));
}

}  // namespace
}  // namespace sluice::mbox
