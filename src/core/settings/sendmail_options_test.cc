#include "core/settings/sendmail_options.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/settings/sources.h"
#include "core/settings/table.h"

namespace sluice::settings {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Evaluation given(std::vector<Assigned> command_line) {
  return evaluate({.home = "/srv/mail", .host_name = "mail.test", .command_line = std::move(command_line)});
}

std::string error_of(std::string name, std::string value) {
  const auto problems = given({{std::move(name), std::move(value)}}).problems;
  return problems.empty() ? "taken" : problems.front().to_text();
}

TEST(SendmailOptions, TimeoutSetsThoseOfTheDialogue) {
  const Settings s = given({{"Timeout", "2h"}}).loaded.settings;
  for (const auto time : {s.timeout_mail, s.timeout_rcpt, s.timeout_datainit, s.timeout_datablock, s.timeout_datafinal,
                          s.smtp_data_timeout, s.smtp_command_timeout})
    EXPECT_EQ(time, 2h);
  EXPECT_EQ(s.timeout_helo, 5min) << "not this one";
  EXPECT_EQ(given({{"timeout", "90"}}).loaded.settings.timeout_mail, 90min) << "minutes";
}

TEST(SendmailOptions, ReturnAndWarningSetAllClassesAndTheirNamesSetOne) {
  const Settings all = given({{"Timeout.queuereturn", "2"}, {"Timeout.queuewarn", "3"}}).loaded.settings;
  EXPECT_EQ(all.queuelifetime, 48h);
  EXPECT_EQ(all.queuelifetime_urgent, 48h);
  EXPECT_EQ(all.queuelifetime_non_urgent, 48h);
  EXPECT_EQ(all.bouncelifetime, 48h);
  EXPECT_EQ(all.queuewarn, 3h);
  EXPECT_EQ(all.queuewarn_urgent, 3h);
  const Settings one = given({{"QueueTimeout", "5d/4h"}, {"Timeout.queuereturn.urgent", "1"}}).loaded.settings;
  EXPECT_EQ(one.queuelifetime, 120h);
  EXPECT_EQ(one.queuelifetime_urgent, 24h);
  EXPECT_EQ(one.queuewarn_non_urgent, 4h);
}

TEST(SendmailOptions, ThatAreOneSettingAreNamedInTheTable) {
  const Settings s = given({{"MinQueueAge", "30"},
                            {"queuesortorder", "h"},
                            {"QueueLA", "8p"},
                            {"HoldExpensive", "t"},
                            {"DeliveryMode", "q"},
                            {"MaxQueueRunSize", "100"}})
                         .loaded.settings;
  EXPECT_EQ(s.queue_run_min_age, 30min);
  EXPECT_EQ(s.queue_run_order, "h");
  EXPECT_EQ(s.load_queue, "8p");
  EXPECT_TRUE(s.hold_expensive);
  EXPECT_EQ(s.delivery_mode, "q");
  EXPECT_EQ(s.queue_run_most, 100u);
}

TEST(SendmailOptions, OthersMeanOtherSettings) {
  const Settings s = given({{"SingleThreadDelivery", "True"},
                            {"ForkEachJob", "y"},
                            {"ConnectionCacheSize", "0"},
                            {"QueueDirectory", "/var/spool/mqueue/q*"},
                            {"PrivacyOptions", "authwarnings,restrictqrun noetrn"}})
                         .loaded.settings;
  EXPECT_EQ(s.lane_limit, 1u);
  EXPECT_EQ(s.remote_messages_per_session, 1u);
  EXPECT_EQ(s.remote_idle_time, 0s);
  EXPECT_EQ(s.queue_base, "/var/spool/mqueue/q*");
  EXPECT_TRUE(s.restrict_qrun);
  EXPECT_FALSE(s.restrict_mailq);
  EXPECT_FALSE(s.smtp_etrn);
  EXPECT_EQ(given({{"QueueDirectory", "/var/spool/mqueue/"}}).loaded.settings.queue_base, "/var/spool/mqueue");
  EXPECT_EQ(given({{"SingleThreadDelivery", "False"}}).loaded.settings, given({}).loaded.settings);
}

TEST(SendmailOptions, WrongValuesAreRefusedByName) {
  EXPECT_EQ(
      error_of("QueueSortOrder", "x"),
      "command line, -O QueueSortOrder: queue_run.order: Invalid queue sort order \"x\"; allowed: priority, host, "
      "time, filename, modification, random, none or shuffle, or the first letter");
  EXPECT_THAT(error_of("QueueDirectory", "mqueue"), HasSubstr("QueuePath mqueue not absolute"));
  EXPECT_THAT(error_of("QueueDirectory", "/q*"), HasSubstr("queues do not lie in the root directory"));
  EXPECT_THAT(error_of("PrivacyOptions", "noetrm"), HasSubstr("\"noetrm\" is not known"));
  EXPECT_THAT(error_of("Timeout", "2y"), HasSubstr("-O Timeout, character 2: 'y' is not a unit of time"));
  EXPECT_THAT(error_of("SingleThreadDelivery", "maybe"), HasSubstr("neither true nor false"));
  EXPECT_THAT(error_of("CheckpointInterval", "often"),
              HasSubstr("-O CheckpointInterval: 'o' stands where a digit is expected"));
  EXPECT_THAT(error_of("SuperSafe", "sometimes"), HasSubstr("true, false, interactive or postmilter"));
  EXPECT_THAT(error_of("RefuseLA", "-1"), HasSubstr("load average"));
}

TEST(SendmailOptions, OneThatMeansSeveralSettingsIsRefusedOnce) {
  EXPECT_EQ(given({{"Timeout", "x"}}).problems.size(), 1u);
}

TEST(SendmailOptions, WithoutEffectChangeNothing) {
  for (const IgnoredOption& option : options_without_effect())
    EXPECT_EQ(given({{std::string(option.name), "1"}}).loaded.settings, given({}).loaded.settings) << option.name;
}

TEST(SendmailOptions, HaveOneDeclarationEach) {
  for (const IgnoredOption& option : options_without_effect()) {
    EXPECT_EQ(find_by_option(option.name), nullptr) << option.name;
    EXPECT_EQ(find_translated(option.name), nullptr) << option.name;
  }
  for (const TranslatedOption& option : translated_options()) EXPECT_EQ(find_by_option(option.name), nullptr);
}

TEST(SendmailOptions, EveryMeaningIsASetting) {
  for (const TranslatedOption& option : translated_options())
    for (const char* value : {"1", "0", "/q/*", "restrictqrun restrictmailq noetrn"})
      if (const auto meant = option.translate(value)) {
        for (const Meant& each : *meant) EXPECT_NE(find_by_name(each.name), nullptr) << each.name;
      }
}

TEST(SendmailOptions, AreKnownByTheirLetters) {
  EXPECT_EQ(option_of_letter('d'), "DeliveryMode");
  EXPECT_EQ(option_of_letter('W'), "");
}

}  // namespace
}  // namespace sluice::settings
