#include "core/settings/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "core/settings/sources.h"

namespace sluice::settings {
namespace {

std::string committed(const std::string& path) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/" + path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(Table, NamesNothingTwice) {
  std::set<std::string_view> names;
  for (const auto& row : table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    for (const auto name : {row.names.environment, row.names.old_environment, row.names.control, row.names.option}) {
      const bool another = !name.empty() && name != row.name;
      EXPECT_TRUE(!another || names.insert(name).second) << name;
    }
    EXPECT_TRUE(row.sentence.ends_with('.')) << row.name;
  }
}

TEST(SettingsPage, IsTheOneMadeFromTheTable) {
  EXPECT_EQ(committed("docs/settings.md"), markdown_page()) << "run: sluice config --markdown > docs/settings.md";
}

TEST(ManualPage, IsTheOneMadeFromTheTable) {
  EXPECT_EQ(committed("man/sluice.toml.5"), manual_page()) << "run: sluice config --man > man/sluice.toml.5";
}

TEST(SampleFile, MeansTheDefaultsWhetherCommentedOutOrNot) {
  const Settings wanted = defaults("/srv/mail", "mail.example.org");
  const std::string sample = sample_file(wanted, {});
  std::string uncommented;
  for (std::size_t at = 0; at < sample.size(); ++at) {
    const bool line_start = at == 0 || sample[at - 1] == '\n';
    if (!(line_start && sample[at] == '#' && at + 1 < sample.size() && sample[at + 1] != ' '))
      uncommented += sample[at];
  }
  for (const auto& contents : {sample, uncommented}) {
    const Evaluation evaluation =
        evaluate({.home = "/srv/mail", .host_name = "mail.example.org", .files = {{"sluice.toml", contents}}});
    EXPECT_TRUE(evaluation.problems.empty()) << evaluation.problems.front().to_text();
    EXPECT_EQ(evaluation.loaded.settings, wanted);
  }
}

TEST(SampleFile, SetsWhatWasChosen) {
  Settings settings = defaults("/srv/mail", "mail.example.org");
  settings.me = "mx.example.net";
  const std::string_view chosen[] = {"me"};
  EXPECT_THAT(sample_file(settings, chosen), testing::HasSubstr("\nme = \"mx.example.net\"\n"));
}

TEST(Wrapping, BreaksAtBlanks) {
  EXPECT_THAT(wrapped("one two three", 7), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("extraordinary x", 5), testing::ElementsAre("extraordinary", "x"));
  EXPECT_TRUE(wrapped("", 5).empty());
}

}  // namespace
}  // namespace sluice::settings
