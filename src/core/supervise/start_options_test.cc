#include "core/supervise/start_options.h"

#include <gtest/gtest.h>

namespace sluice::supervise {
namespace {

Result<StartOptions, std::string> parse(std::vector<const char*> arguments) {
  return parse_start_options(arguments, "sdcn");
}

TEST(StartOptions, AreStaticQueuesWhenNothingIsGiven) { EXPECT_EQ(parse({}), StartOptions{}); }

TEST(StartOptions, TakeTheLastOfSAndDAndC) {
  EXPECT_FALSE(parse({"-d", "-s"})->dynamic);
  EXPECT_TRUE(parse({"-s", "-d"})->dynamic);
  EXPECT_TRUE(parse({"-cd"})->compatible);
  EXPECT_FALSE(parse({"-cds"})->compatible);
  EXPECT_TRUE(parse({"-c"})->dynamic);
  EXPECT_TRUE(parse({"-dn"})->keep_count);
}

TEST(StartOptions, EndAtTheDefaultDeliveryAndLeaveTheLoggerItsOwn) {
  const auto options = parse({"-s", "./Maildir/", "splogger", "-x", "qmail"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->default_delivery, "./Maildir/");
  EXPECT_EQ(options->logger, (std::vector<std::string>{"splogger", "-x", "qmail"}));
}

TEST(StartOptions, EndAtTwoDashes) {
  const auto options = parse({"-s", "--", "./Mailbox", "-odd"});
  EXPECT_EQ(options->default_delivery, "./Mailbox");
  EXPECT_EQ(options->logger, std::vector<std::string>{"-odd"});
}

TEST(StartOptions, RefuseADefaultDeliveryThatWouldThrowMailAway) {
  for (const char* const nothing : {"", "# nothing", "-s"})
    EXPECT_TRUE(parse({"--", nothing}).error().starts_with("defaultdelivery: ")) << nothing;
  EXPECT_TRUE(parse({"|dot-forward .forward\n./Mailbox"}));
}

TEST(StartOptions, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(parse({"-sx"}).error(), "unknown option -x");
  EXPECT_EQ(parse({"--static"}).error(), "unknown option --static");
  const char* const with_n[] = {"-n"};
  EXPECT_EQ(parse_start_options(with_n, "sdc").error(), "unknown option -n");
}

}  // namespace
}  // namespace sluice::supervise
