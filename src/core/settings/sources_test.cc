#include "core/settings/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/settings/table.h"

namespace sluice::settings {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Sources plain() { return {.home = "/srv/mail", .host_name = "mail.example.org"}; }

Sources with_file(std::string contents) {
  Sources sources = plain();
  sources.files.push_back({"/srv/mail/etc/sluice.toml", std::move(contents)});
  return sources;
}

Sources with_control(const std::string& name, std::string contents) {
  Sources sources = plain();
  sources.control.push_back({"/srv/mail/etc/control/" + name, std::move(contents)});
  return sources;
}

Sources with_option(std::string name, std::string value) {
  Sources sources = plain();
  sources.command_line.push_back({std::move(name), std::move(value)});
  return sources;
}

Settings settings_of(const Sources& sources) {
  const auto loaded = load(sources);
  if (!loaded) {
    ADD_FAILURE() << loaded.error().front().to_text();
    return {};
  }
  return loaded->settings;
}

std::vector<std::string> problems_of(const Sources& sources) {
  std::vector<std::string> texts;
  for (const auto& problem : evaluate(sources).problems) texts.push_back(problem.to_text());
  return texts;
}

Origin origin_of(const Sources& sources, std::string_view name) {
  const auto evaluation = evaluate(sources);
  return evaluation.loaded.origins.at(static_cast<std::size_t>(find_by_name(name) - table().data()));
}

TEST(Defaults, AreThoseOfTheTable) {
  const Settings s = settings_of(plain());
  EXPECT_EQ(s.home, "/srv/mail");
  EXPECT_EQ(s.queue_base, "/srv/mail/queue");
  EXPECT_EQ(s.control_dir, "/srv/mail/etc/control");
  EXPECT_EQ(s.queue_count, 1u);
  EXPECT_EQ(s.conf_split, 151u);
  EXPECT_TRUE(s.big_todo);
  EXPECT_EQ(s.queuelifetime, 168h);
  EXPECT_EQ(s.databytes, 50u << 20);
  EXPECT_TRUE(s.smtp_listen.empty());
  EXPECT_EQ(s.smtp_trusted_networks.size(), 2u);
  EXPECT_EQ(s.smtp_bare_newline, BareNewline::kRefuse);
}

TEST(Defaults, ThatNameAnotherSettingFollowIt) {
  const Settings s = settings_of(with_control("me", "mx.example.net\n"));
  EXPECT_EQ(s.me, "mx.example.net");
  EXPECT_EQ(s.bouncehost, "mx.example.net");
  EXPECT_THAT(s.locals, ElementsAre("mx.example.net"));
  EXPECT_TRUE(s.rcpthosts.empty());
  EXPECT_EQ(settings_of(plain()).me, "mail.example.org");
}

TEST(Defaults, SurviveAMachineWithAnUnusableName) {
  Sources sources = plain();
  sources.host_name = "bad name";
  EXPECT_EQ(settings_of(sources).me, "localhost");
}

TEST(Defaults, ThatNameAnotherSettingTakeWhateverItMayBe) {
  EXPECT_FALSE(load(with_control("me",
                                 "b\xc3\xbc"
                                 "cher.example\n")));  // it stands in the greeting, which is ASCII
  EXPECT_EQ(settings_of(with_control("me", "[192.0.2.1]\n")).smtp_greeting, "[192.0.2.1]");
}

TEST(Precedence, IsCommandLineEnvironmentControlFileFileDefault) {
  Sources sources = with_file("queue_count = 2\nconcurrencyremote = 30\n");
  EXPECT_EQ(settings_of(sources).queue_count, 2u);
  EXPECT_EQ(origin_of(sources, "queue_count").to_text(), "/srv/mail/etc/sluice.toml:1");
  sources.control.push_back({"/srv/mail/etc/control/concurrencyremote", "# ours\n\n 40 \n50\n"});
  EXPECT_EQ(settings_of(sources).concurrencyremote, 40u);
  EXPECT_EQ(origin_of(sources, "concurrencyremote").to_text(), "/srv/mail/etc/control/concurrencyremote:3");
  sources.environment.push_back({"QUEUE_COUNT", "3"});
  EXPECT_EQ(settings_of(sources).queue_count, 3u);
  EXPECT_EQ(origin_of(sources, "queue_count").to_text(), "environment variable QUEUE_COUNT");
  sources.command_line.push_back({"queue_count", "4"});
  sources.command_line.push_back({"queue_count", "5"});
  EXPECT_EQ(settings_of(sources).queue_count, 5u);
  EXPECT_EQ(origin_of(sources, "queue_count").to_text(), "command line, -O queue_count");
  EXPECT_EQ(origin_of(sources, "conf_split").to_text(), "default");
}

TEST(Environment, ThatIsEmptyCountsAsNotSet) {
  Sources sources = plain();
  sources.environment.push_back({"BIGTODO", ""});
  EXPECT_TRUE(settings_of(sources).big_todo);
  sources.environment.back().value = "0";
  EXPECT_FALSE(settings_of(sources).big_todo);
}

TEST(TomlFile, SetsEveryType) {
  const Settings s = settings_of(with_file(R"(
me = "mx.example.net"
queue_base = "spool"
big_todo = false
queuelifetime = "5d12h"
bouncelifetime = 3600
databytes = "10M"
locals = []
smtproutes = ["a.test:127.0.0.1:3626", ':relay']
[smtp]
listen = ["127.0.0.1:2525", "[::1]:2525"]
trusted_networks = ["192.0.2.0/24"]
bare_newline = "normalize"
[timeout]
connect = "30s"
)"));
  EXPECT_EQ(s.queue_base, "/srv/mail/spool");
  EXPECT_FALSE(s.big_todo);
  EXPECT_EQ(s.queuelifetime, 132h);
  EXPECT_EQ(s.bouncelifetime, 1h);
  EXPECT_EQ(s.databytes, 10u << 20);
  EXPECT_TRUE(s.locals.empty());
  EXPECT_THAT(s.smtproutes, ElementsAre("a.test:127.0.0.1:3626", ":relay"));
  EXPECT_EQ(s.smtp_listen.at(1).to_text(), "[::1]:2525");
  EXPECT_EQ(s.smtp_trusted_networks.at(0).to_text(), "192.0.2.0/24");
  EXPECT_EQ(s.smtp_bare_newline, BareNewline::kNormalize);
  EXPECT_EQ(s.timeout_connect, 30s);
}

TEST(TomlFile, WithMistakesNamesFileLineColumnAndWhatIsAllowed) {
  const auto problems =
      problems_of(with_file("queuelifetime = \"5d12q\"\n"
                            "queue_count = \"two\"\n"
                            "quue_start = 3\n"
                            "concurrencylocal = 501\n"
                            "databytes = \"5x\"\n"
                            "big_todo = 1\n"
                            "locals = [\"good.example\", \"bad example\"]\n"
                            "rcpthosts = \"example.org\"\n"
                            "home = \"/elsewhere\"\n"
                            "[smtp]\n"
                            "  listen = [\"127.0.0.1:x\"]\n"
                            "  lisen = 1\n"
                            "  bare_newline = \"maybe\"\n"));
  const std::string file = "/srv/mail/etc/sluice.toml:";
  EXPECT_THAT(
      problems,
      ElementsAre(
          file + "1:22: queuelifetime: 'q' is not a unit of time; allowed: a duration of 0s to 520w, as 5d12h; "
                 "units w d h m s, a bare number counts seconds",
          file + "2:15: queue_count: this has the wrong type; allowed: 1 to 1023",
          file + "3:1: there is no setting \"quue_start\"; did you mean queue_start?",
          file + "4:20: concurrencylocal: the value is too large; allowed: 0 to 500",
          file + "5:15: databytes: 'x' is not a unit of size; allowed: a size in octets, or with k, M or G",
          file + "6:12: big_todo: this has the wrong type; allowed: true or false",
          file +
              "7:31: locals: a character that no host or domain name can hold; allowed: a list of host or domain names",
          file + "8:13: rcpthosts: this has the wrong type; allowed: a list of domains, or .domain for all below one "
                 "as an "
                 "array of strings in brackets",
          file + "9:1: home is taken from the command line or the environment variable SLUICE_HOME only",
          file + "11:24: smtp.listen: the port must be 1 to 65535; allowed: a list of ADDRESS:PORT, as 127.0.0.1:25 or "
                 "[::1]:25",
          file + "12:3: there is no setting \"smtp.lisen\"; did you mean smtp.listen?",
          file + "13:19: smtp.bare_newline: \"maybe\" is not one of the choices; allowed: refuse or normalize"));
}

TEST(TomlFile, ThatIsNoTomlNamesThePlace) {
  EXPECT_THAT(problems_of(with_file("me = \"a\"\nme = \"b\"\n")), ElementsAre(HasSubstr("sluice.toml:2:")));
  EXPECT_THAT(problems_of(with_file("queue_count = \n")), ElementsAre(HasSubstr("sluice.toml:1:")));
  EXPECT_THAT(problems_of(with_file("smtp = 3\n")), ElementsAre(HasSubstr("there is no setting \"smtp\"")));
}

TEST(ControlFile, OfAListHasAnEntryALine) {
  EXPECT_THAT(
      settings_of(with_control("rcpthosts", "# ours\nexample.org\r\n\n  .example.net  \nlast.example")).rcpthosts,
      ElementsAre("example.org", ".example.net", "last.example"));
}

TEST(ControlFile, ThatIsEmptyMakesAListEmpty) {
  EXPECT_TRUE(settings_of(with_control("locals", "")).locals.empty());
  EXPECT_TRUE(settings_of(with_control("rcpthosts", "# nobody\n")).rcpthosts.empty());
}

TEST(ControlFile, CountsSecondsAsQmailDoes) {
  EXPECT_EQ(settings_of(with_control("queuelifetime", "604800\n")).queuelifetime, 168h);
  EXPECT_EQ(settings_of(with_control("timeoutconnect", "60\n")).timeout_connect, 60s);
  EXPECT_EQ(settings_of(with_control("queuelifetime", "5d12h\n")).queuelifetime, 132h);
}

TEST(ControlFile, WithMistakesNamesFileLineAndColumn) {
  EXPECT_THAT(problems_of(with_control("queuelifetime", "#\n 5d12q\n")),
              ElementsAre(HasSubstr("/srv/mail/etc/control/queuelifetime:2:6: queuelifetime: 'q' is not a unit")));
  EXPECT_THAT(problems_of(with_control("smtproutes", "a.test:relay\nb.test:relay:0\n")),
              ElementsAre(HasSubstr("/control/smtproutes:2:14: smtproutes: the port must be")));
  EXPECT_THAT(problems_of(with_control("me", "\n")),
              ElementsAre(HasSubstr("/control/me: me: the file holds no value")));
}

TEST(ControlFile, OfOneQueueCountsMoreThanTheOneForAll) {
  Sources sources = with_control("concurrencyremote", "30\n");
  sources.control.push_back({"/srv/mail/etc/control/concurrencyr.queue2", "7\n"});
  EXPECT_EQ(settings_of(sources).concurrencyremote, 7u);
  EXPECT_EQ(origin_of(sources, "concurrencyremote").to_text(), "/srv/mail/etc/control/concurrencyr.queue2:1");
  sources.control.back().contents = "seven\n";
  EXPECT_THAT(problems_of(sources),
              ElementsAre(HasSubstr("/srv/mail/etc/control/concurrencyr.queue2:1:1: concurrencyremote: ")));
}

TEST(ControlFile, HoldsAChannelByANumberAsQmailDoes) {
  EXPECT_TRUE(settings_of(with_control("holdlocal", "1\n")).holdlocal);
  EXPECT_FALSE(settings_of(with_control("holdremote", "0\n")).holdremote);
}

TEST(ControlFile, ThatIsEmptyDiscardsDoubleBounces) {
  EXPECT_EQ(settings_of(with_control("doublebounceto", "\n")).doublebounceto, "");
}

TEST(CommandLine, TakesSendmailsNamesWithTheirUnits) {
  EXPECT_EQ(settings_of(with_option("Timeout.queuereturn", "3")).queuelifetime, 72h);
  EXPECT_EQ(settings_of(with_option("timeout.INITIAL", "3")).timeout_greeting, 3min);
  EXPECT_EQ(settings_of(with_option("timeout.connect", "30")).timeout_connect, 30s);
  EXPECT_EQ(settings_of(with_option("MaxMessageSize", "1000")).databytes, 1000u);
  EXPECT_EQ(settings_of(with_option("smtp.listen", "127.0.0.1:25, [::1]:25")).smtp_listen.size(), 2u);
}

TEST(CommandLine, WithMistakesNamesTheOption) {
  EXPECT_THAT(
      problems_of(with_option("queue_cont", "3")),
      ElementsAre("command line, -O queue_cont: there is no setting \"queue_cont\"; did you mean queue_count?"));
  EXPECT_THAT(problems_of(with_option("queuelifetime", "5d12q")),
              ElementsAre(HasSubstr("command line, -O queuelifetime, character 5: queuelifetime: 'q' is not")));
}

TEST(Mistakes, AreReportedAllAtOnceAlsoInOverriddenValues) {
  Sources sources = with_file("queue_count = 0\n");
  sources.control.push_back({"/c/concurrencyremote", "many\n"});
  sources.environment.push_back({"QUEUE_COUNT", "-1"});
  sources.command_line.push_back({"queue_count", "2"});
  EXPECT_THAT(problems_of(sources),
              ElementsAre(HasSubstr("sluice.toml:1:15"), HasSubstr("/c/concurrencyremote:1:1"),
                          HasSubstr("environment variable QUEUE_COUNT: queue_count: '-' stands")));
  EXPECT_FALSE(load(sources));
}

TEST(Mistakes, AreFoundBetweenValuesToo) {
  Sources sources = with_option("queue_start", "1000");
  sources.command_line.push_back({"queue_count", "100"});
  EXPECT_THAT(problems_of(sources), ElementsAre(HasSubstr("queue_count: queues 1000 to 1099 are asked for")));
}

TEST(ConfSplit, AboveQmailsLargestIsCut) { EXPECT_EQ(settings_of(with_option("conf_split", "503")).conf_split, 151u); }

TEST(BounceLifetime, IsCutToTheLifetimeOfTheQueue) {
  EXPECT_EQ(settings_of(with_option("queuelifetime", "1d")).bouncelifetime, 24h);
}

TEST(TextLines, MayBeUnlimitedOrAtLeastWhatTheRfcAsks) {
  EXPECT_EQ(settings_of(with_option("smtp.max_text_line", "0")).smtp_max_text_line, 0u);
  EXPECT_THAT(problems_of(with_option("smtp.max_text_line", "998")), ElementsAre(HasSubstr("allowed: 0 or 1000 to")));
}

}  // namespace
}  // namespace sluice::settings
