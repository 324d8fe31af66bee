#include "instance.h"

#include <gtest/gtest.h>

#include "core/settings/sources.h"
#include "system/os/failure.h"

namespace sluice::supervisor {
namespace {

class InstanceOf : public ::testing::Test {
 protected:
  settings::Settings settings_ = settings::defaults("/i", "host.example");
  supervise::StartOptions options_;

  Instance made() const { return instance_of(settings_, options_, "/bin-dir"); }
};

TEST_F(InstanceOf, TakesQueuesAndPathsFromTheSettings) {
  settings_.queue_start = 3;
  settings_.queue_count = 2;
  const Instance instance = made();
  ASSERT_EQ(instance.groups.all().size(), 1u);
  EXPECT_EQ(instance.groups.default_group().least, 2u);
  EXPECT_EQ(instance.groups.directory_of(4), "/i/queue/queue4");
  EXPECT_EQ(instance.run_directory, "/i/run");
  EXPECT_TRUE(instance.smtp_listen.empty());
}

TEST_F(InstanceOf, LetsTheCommandLineNameTheDefaultDelivery) {
  settings_.defaultdelivery = "./Mail/";
  EXPECT_EQ(made().default_delivery, "./Mail/");
  options_.default_delivery = "./Other/";
  EXPECT_EQ(made().default_delivery, "./Other/");
}

TEST_F(InstanceOf, TellsItsDaemonsWhetherQueuesAreDynamic) {
  os::Environment inherited;
  inherited.set("DYNAMIC_QUEUE", "1");
  Instance instance = made();
  EXPECT_EQ(mode_option(instance), "-s");
  EXPECT_EQ(server_environment(inherited, instance, 1).find("DYNAMIC_QUEUE"), std::nullopt);
  options_.dynamic = true;
  instance = made();
  EXPECT_EQ(mode_option(instance), "-d");
  EXPECT_EQ(server_environment({}, instance, 1).find("DYNAMIC_QUEUE"), "1");
  options_.compatible = true;
  EXPECT_EQ(mode_option(made()), "-cd");
}

TEST_F(InstanceOf, RefusesNumbersThatNoQueueCanHave) {
  settings_.queue_start = 1023;
  settings_.queue_count = 2;
  EXPECT_THROW(made(), os::Fatal);
}

TEST_F(InstanceOf, TellsEachQueueWhichItIsAndWhatAllMustAgreeOn) {
  settings_.queue_start = 3;
  settings_.queue_count = 2;
  settings_.conf_split = 23;
  settings_.big_todo = false;
  const Instance instance = made();
  os::Environment inherited;
  inherited.set("PATH", "/usr/bin");
  inherited.set("QUEUEDIR", "/stale");
  const auto environment = queue_environment(inherited, instance, {4, instance.groups.directory_of(4)});
  for (const auto& [name, value] : {std::pair{"QUEUEDIR", "/i/queue/queue4"},
                                    {"QIDENT", "4"},
                                    {"QUEUE_BASE", "/i/queue"},
                                    {"QUEUE_START", "3"},
                                    {"QUEUE_COUNT", "2"},
                                    {"CONFSPLIT", "23"},
                                    {"BIGTODO", "0"},
                                    {"SLUICE_HOME", "/i"},
                                    {"CONTROLDIR", "/i/etc/control"},
                                    {"PATH", "/usr/bin"}})
    EXPECT_EQ(environment.find(name), value) << name;
}

TEST_F(InstanceOf, TellsAServerHowManySocketsItHasAndNoQueue) {
  const auto environment = server_environment({}, made(), 2);
  EXPECT_EQ(environment.find("SLUICE_LISTEN_FDS"), "2");
  EXPECT_EQ(environment.find("QUEUEDIR"), std::nullopt);
  EXPECT_EQ(environment.find("QUEUE_COUNT"), "1");
}

}  // namespace
}  // namespace sluice::supervisor
