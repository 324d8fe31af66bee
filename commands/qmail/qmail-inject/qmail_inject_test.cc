#include <gmock/gmock.h>

#include <map>

#include "identity.h"
#include "options.h"

namespace sluice::inject {
namespace {

using testing::ElementsAre;

Result<Options, std::string> read(std::vector<std::string> words) {
  words.insert(words.begin(), "qmail-inject");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse(static_cast<int>(words.size()), argv.data());
}

TEST(InjectOptions, TheLastLetterOfItsKindCounts) {
  EXPECT_EQ(read({})->recipients, Recipients::kArgumentsOrHeader);
  EXPECT_EQ(read({"-a", "-H"})->recipients, Recipients::kBoth);
  EXPECT_EQ(read({"-hA"})->recipients, Recipients::kArgumentsOrHeader);
  EXPECT_TRUE(read({"-N", "-n"})->print);
  EXPECT_FALSE(read({"-nN"})->print);
}

TEST(InjectOptions, ArgumentsFollowTheOptions) {
  const auto options = read({"-f", "", "joe", "-x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->sender, "");
  EXPECT_THAT(options->arguments, ElementsAre("joe", "-x"));
  EXPECT_EQ(read({"-x"}).error(), "unknown option -x");
  EXPECT_EQ(read({"-f"}).error(), "option -f needs a value");
}

const submission::Names kNames{"mx.example.org", "example.org", "example.org", "mx.example.org"};

Result<Identity, std::string> identity(const std::map<std::string, std::string>& variables) {
  return read_identity(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
      },
      kNames, 1000, 42);
}

TEST(InjectIdentity, TheFirstVariableThatIsSetCounts) {
  EXPECT_EQ(identity({})->author, "anonymous@mx.example.org");
  EXPECT_EQ(identity({{"LOGNAME", "a"}})->author, "a@mx.example.org");
  EXPECT_EQ(identity({{"LOGNAME", "a"}, {"USER", "b"}})->author, "b@mx.example.org");
  EXPECT_EQ(identity({{"USER", "b"}, {"MAILUSER", "c"}, {"MAILHOST", "h"}})->author, "c@h.example.org");
  EXPECT_EQ(identity({{"QMAILUSER", "joe q"}, {"QMAILHOST", "x.test"}})->author, "\"joe q\"@x.test");
  EXPECT_EQ(identity({{"QMAILUSER", ""}, {"USER", "b"}})->author, "b@mx.example.org");
  EXPECT_EQ(identity({{"NAME", "n"}, {"MAILNAME", "m"}})->name, "m");
}

TEST(InjectIdentity, TheSenderMayBeAnother) {
  EXPECT_EQ(identity({{"USER", "a"}})->sender, "a@mx.example.org");
  EXPECT_EQ(identity({{"USER", "a"}, {"QMAILSUSER", "s"}, {"QMAILSHOST", "x.test"}})->sender, "s@x.test");
}

TEST(InjectIdentity, LettersChangeTheSenderAndTheFields) {
  EXPECT_EQ(identity({{"USER", "a"}, {"QMAILINJECT", "m"}})->sender, "a-1000.42@mx.example.org");
  EXPECT_EQ(identity({{"USER", "a"}, {"QMAILINJECT", "r"}})->sender, "a-@mx.example.org-@[]");
  EXPECT_EQ(identity({{"USER", "a"}, {"QMAILINJECT", "rm"}})->sender, "a-1000.42-@mx.example.org-@[]");
  const auto all = identity({{"QMAILINJECT", "csfi"}});
  EXPECT_TRUE(all->name_as_comment && all->ignore_return_path && all->delete_from && all->delete_message_id);
}

TEST(InjectIdentity, VariablesThatMakeNoAddressAreRefused) {
  EXPECT_FALSE(identity({{"USER", "a"}, {"QMAILHOST", "bad..host"}}));
  EXPECT_FALSE(identity({{"USER", "a\nb"}}));
}

}  // namespace
}  // namespace sluice::inject
