#include "options.h"

#include <gmock/gmock.h>

namespace sluice::sendmail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Options, Misuse> read(std::vector<std::string> words, std::string name = "/usr/sbin/sendmail") {
  words.insert(words.begin(), std::move(name));
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse(static_cast<int>(words.size()), argv.data());
}

TEST(SendmailOptions, CronsCallIsUnderstood) {
  const auto options = read({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->full_name, "CronDaemon");
  EXPECT_TRUE(options->ignore_dots && options->eight_bit);
  EXPECT_EQ(options->errors, Errors::kMail);
  EXPECT_THAT(options->addresses, ElementsAre("root"));
}

TEST(SendmailOptions, CallsOfMailProgramsAreUnderstood) {
  EXPECT_TRUE(read({"-oi", "-oem", "-f", "joe@x.test", "-t"})->recipients_from_header);
  EXPECT_EQ(read({"-oi", "-f", "", "--", "-odd@x.test"})->sender, "");
  EXPECT_THAT(read({"-i", "--", "-odd@x.test"})->addresses, ElementsAre("-odd@x.test"));
  EXPECT_TRUE(read({"--read-envelope-from", "-t"})->sender_from_header);
  EXPECT_EQ(read({"--from=joe@x.test", "a"})->sender, "joe@x.test");
  EXPECT_TRUE(read({"a", "-v"})->verbose);
}

TEST(SendmailOptions, TheModeComesFromTheNameOrTheOption) {
  EXPECT_EQ(read({})->mode, Mode::kDeliver);
  EXPECT_EQ(read({}, "mailq")->mode, Mode::kListQueue);
  EXPECT_EQ(read({}, "/usr/bin/newaliases")->mode, Mode::kRebuildAliases);
  EXPECT_EQ(read({"-bs"})->mode, Mode::kSmtp);
  EXPECT_EQ(read({"-bv", "a"})->mode, Mode::kVerify);
  EXPECT_EQ(read({"-bp"})->mode, Mode::kListQueue);
  EXPECT_EQ(read({"-I"})->mode, Mode::kRebuildAliases);
}

TEST(SendmailOptions, ReportsOnDeliveryAreAskedFor) {
  const auto options = read({"-N", "success,DELAY", "-R", "hdrs", "-V", "QQ+2B1", "a"});
  ASSERT_TRUE(options) << options.error().text;
  EXPECT_EQ(options->notify, mail::notify::kSuccess | mail::notify::kDelay);
  EXPECT_EQ(options->ret, mail::Return::kHeaders);
  EXPECT_EQ(options->envelope_id, "QQ+2B1");
  EXPECT_FALSE(read({"-N", "never,delay", "a"}));
  EXPECT_FALSE(read({"-N", "", "a"}));
  EXPECT_FALSE(read({"-V", "a=b", "a"}));
  EXPECT_FALSE(read({"-R", "some", "a"}));
}

TEST(SendmailOptions, HistoricalOptionsAreTaken) {
  EXPECT_TRUE(read({"-Am",
                    "-U",
                    "-m",
                    "-n",
                    "-d0.1",
                    "-L",
                    "tag",
                    "-p",
                    "SMTP:host",
                    "-s",
                    "-h",
                    "3",
                    "-om",
                    "-odb",
                    "-OMinQueueAge=1h",
                    "-O",
                    "DeliveryMode=q",
                    "-Mxvalue",
                    "-oMrUUCP",
                    "-ti",
                    "a"}));
  EXPECT_EQ(read({"-h", "17"})->hops, 17u);
  EXPECT_EQ(read({"-oeq"})->errors, Errors::kQuiet);
  EXPECT_EQ(read({"-O", "ErrorMode=e"})->errors, Errors::kMailAndCheer);
  EXPECT_FALSE(read({"-i", "-OIgnoreDots=false"})->ignore_dots);
}

TEST(SendmailOptions, SettingsAreKeptForTheTable) {
  EXPECT_THAT(read({"-O", "defaulthost=x.test", "-OTimeout.queuereturn=1d"})->settings,
              ElementsAre(Given{"defaulthost", "x.test"}, Given{"Timeout.queuereturn", "1d"}));
}

TEST(SendmailOptions, WhatIsNotDoneIsSaidInOneSentence) {
  EXPECT_THAT(read({"-bt"}).error().text, HasSubstr("sendmail -bv"));
  EXPECT_THAT(read({}, "hoststat").error().text, HasSubstr("sluice status"));
  EXPECT_THAT(read({"-C", "/tmp/my.cf"}).error().text, HasSubstr("SLUICE_HOME"));
  EXPECT_FALSE(read({"-X", "/tmp/log"}));
  EXPECT_FALSE(read({"-oE/tmp"}));
  EXPECT_EQ(read({"-odx"}).error().text, "Unknown delivery mode x");
  EXPECT_EQ(read({"-oW"}).error().text, "there is no option -oW");
  EXPECT_THAT(read({"-O", "Nonsense=1"}).error().text, HasSubstr("there is no option \"Nonsense\""));
  EXPECT_EQ(read({"-k"}).error().text, "unknown option -k");
  EXPECT_EQ(read({"--nonsense"}).error().text, "unknown option --nonsense");
  EXPECT_EQ(read({"-f"}).error().text, "option -f needs a value");
  EXPECT_EQ(read({"-f", "a", "-r", "b"}).error().text, "more than one sender is given");
  EXPECT_EQ(read({"-bz"}).error().text, "unknown mode -bz");
}

TEST(SendmailOptions, ALoneQueueOptionTakesTheNextWordUnlessThatIsAnOption) {
  EXPECT_EQ(read({"-q"})->mode, Mode::kRunQueue);
  EXPECT_EQ(read({"-q", "-v"})->mode, Mode::kRunQueue);
  EXPECT_TRUE(read({"-v", "-q"})->verbose);
  EXPECT_EQ(read({"-q", "15"})->queue.interval, std::chrono::minutes(15));
  EXPECT_EQ(read({"-q", "Sroot"}, "mailq")->queue.selector.tests.front().text, "root");
  EXPECT_TRUE(read({"-q", "foo@bar"})->queue.foreground);
  EXPECT_EQ(read({"-bm", "-q"})->mode, Mode::kRunQueue);
  EXPECT_FALSE(read({"-qf", "joe"}));
}

TEST(SendmailOptions, ADaemonListensOrRunsTheQueueOrBoth) {
  const auto both = read({"-bd", "-q1h"});
  ASSERT_TRUE(both) << both.error().text;
  EXPECT_TRUE(both->mode == Mode::kDaemon && both->listens && !both->attached);
  EXPECT_EQ(both->queue.interval, std::chrono::hours(1));
  const auto runner = read({"-q1h"});
  EXPECT_TRUE(runner->mode == Mode::kDaemon && !runner->listens);
  EXPECT_TRUE(read({"-bD", "-qp"})->attached);
  EXPECT_TRUE(read({"-bd", "-q"})->queue.is_once());
  EXPECT_EQ(read({"-qp"})->mode, Mode::kDaemon);
  EXPECT_TRUE(read({}, "smtpd")->listens);
}

TEST(SendmailOptions, DebuggingSaysTwoThings) {
  EXPECT_TRUE(read({"-d99.100", "-qp"})->attached);
  EXPECT_FALSE(read({"-d99.1", "-qp"})->attached);
  EXPECT_FALSE(read({"-dno_persistent_restart", "-qp"})->restart_runners);
  EXPECT_FALSE(read({"-d0.1,no_persistent_restart.3", "-qp"})->restart_runners);
  EXPECT_TRUE(read({"-d", "-qp"})->restart_runners);
}

TEST(SendmailOptions, OtherModesDoNotRunTheQueue) {
  EXPECT_EQ(read({"-bv", "-q"}).error(), (Misuse{"Can not use -q with -bv", true}));
  EXPECT_EQ(read({"-q1h", "-bt"}).error().text, "Can not use -q with -bt");
  EXPECT_EQ(read({"-bi", "-qRx"}).error().text, "Can not use -q with -bi");
  EXPECT_EQ(read({"-bs", "-q"}).error().text, "550 Can not use -q with -bs");
  EXPECT_EQ(read({"-bp", "-q1h"})->mode, Mode::kListQueue);
  EXPECT_EQ(read({"-bP", "-q"})->mode, Mode::kCountQueue);
}

TEST(SendmailOptions, HoldingNeedsAReasonOrWhatIsHeld) {
  const auto hold = read({"-Qlooks odd", "-qSroot"});
  ASSERT_TRUE(hold) << hold.error().text;
  EXPECT_EQ(hold->mode, Mode::kHold);
  EXPECT_EQ(hold->hold_reason, "looks odd");
  EXPECT_EQ(read({"-Q", "-qQ"})->hold_reason, "");
  EXPECT_EQ(read({"-Qx", "-q1h"})->mode, Mode::kHold) << "the time does not count";
  EXPECT_EQ(read({"-Q.", "-q"}).error().text, "Can not use -Q.");
  EXPECT_EQ(read({"-Qx", "-bp"}).error().text, "Can not use -Q with -bp");
  EXPECT_EQ(read({"-Qx", "-qL"}).error().text, "Can not use -Q with -qL");
  EXPECT_FALSE(read({"-Qx", "joe"}));
  EXPECT_FALSE(read({"-Q", "-qSroot"}));
}

TEST(SendmailOptions, OptionsOfTheQueueGoToTheTable) {
  EXPECT_THAT(read({"-odq", "-OTimeout=2h", "-q"})->settings,
              ElementsAre(Given{"DeliveryMode", "q"}, Given{"Timeout", "2h"}));
  EXPECT_THAT(read({"-od"})->settings, ElementsAre(Given{"DeliveryMode", "i"}));
  EXPECT_THAT(read({"-OHoldExpensive", "-oC5"})->settings,
              ElementsAre(Given{"HoldExpensive", "true"}, Given{"CheckpointInterval", "5"}));
  EXPECT_TRUE(read({"-OTimeout.queuereturn=now", "-q"})->return_now);
  EXPECT_FALSE(read({"-O", "MinQueueAge"}));
}

TEST(Options, AnAddressIsRefusedWhereNoneIsMeant) {
  EXPECT_FALSE(read({"-bp", "joe"}));
  EXPECT_FALSE(read({"-bi", "joe"}));
  EXPECT_TRUE(read({"-bv", "joe"}));
}

TEST(Options, AnEnvelopeIdCannotHideALineEnd) { EXPECT_FALSE(read({"-V", "a+0Ab", "joe"})); }

}  // namespace
}  // namespace sluice::sendmail
