#include "system/observe/queue_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "system/ipc/control.h"

namespace sluice::observe {
namespace {

constexpr Duration kPatience{10'000};

class QueueAnswers : public testing::Test {
 protected:
  QueueAnswers() { ::mkdtemp(directory_.data()); }
  ~QueueAnswers() override { std::filesystem::remove_all(directory_); }

  // A queue that answers everything with `answers`, in a thread of its own while `asking` runs in this one.
  void serve(const std::vector<std::string>& answers, const std::function<void(const Queue&)>& asking) {
    const Queue queue{7, "queue7", directory_, directory_ + "/control"};
    net::Loop loop;
    auto listener = net::listen_path(queue.control, 0600);
    ASSERT_TRUE(listener) << listener.error().what;
    ipc::ControlServer server(loop, std::move(*listener), link::Role::kScheduler,
                              [&](const nlohmann::json&, ipc::Asker) -> Result<ipc::Answers, std::string> {
                                return ipc::answer_list(answers);
                              });
    std::jthread thread([&] { loop.run(); });
    asking(queue);
    loop.context().stop();
  }
  std::string directory_ = testing::TempDir() + "queue-answers-XXXXXX";
};

TEST_F(QueueAnswers, AreTakenAsFigures) {
  serve(
      {R"({"messages":12,"load":150,"lanes":3,"local":{"in_flight":1,"limit":10,"waiting":{"in-flight":1,"retry-time":4}},
            "remote":{"in_flight":2,"limit":20,"held":true,"waiting":{}},"figures":{"taken":5,"delivered":6,"deferred":7,"failed":8},
            "daemons":[{"name":"qmail-send","pid":99},{"name":"todo-proc","pid":100}]})"},
      [](const Queue& queue) {
        const auto figures = ask_figures(queue, kPatience);
        ASSERT_TRUE(figures) << figures.error();
        EXPECT_EQ(figures->name, "queue7");
        EXPECT_EQ(figures->messages, 12u);
        EXPECT_EQ(figures->load, 150u);
        EXPECT_EQ(figures->local.waiting, 4u);
        EXPECT_TRUE(figures->remote.held);
        EXPECT_EQ(figures->totals.failed, 8u);
        EXPECT_EQ(figures->pid, 99u);
      });
}

TEST_F(QueueAnswers, MembersOfAnotherKindCountAsNothing) {
  const std::vector<std::string> odd = {
      R"({"messages":"many","load":-3,"local":7,"remote":{"limit":1.5,"waiting":[1]},"figures":null,"daemons":[4]})",
      "[1,2]", "not JSON", "null"};
  serve(odd, [](const Queue& queue) {
    const auto figures = ask_figures(queue, kPatience);
    ASSERT_TRUE(figures) << figures.error();
    EXPECT_EQ(figures->messages + figures->load + figures->remote.limit + figures->remote.waiting + figures->pid, 0u);
  });
  serve({R"({"id":"x","arrival":"y","recipients":[3,{"address":5,"channel":{},"state":[]}]})", R"({"recipients":{}})",
         "7"},
        [](const Queue& queue) {
          std::size_t messages = 0;
          EXPECT_TRUE(ask_messages(queue, [&](const monitor::ListedMessage&) { ++messages; }));
          EXPECT_EQ(messages, 2u);
          const auto lanes = ask_lanes(queue, 5, kPatience);
          ASSERT_TRUE(lanes);
          EXPECT_EQ(lanes->size(), 2u);
        });
}

TEST_F(QueueAnswers, ALaneInWhichNothingIsDueWaitsForItsTime) {
  serve({R"({"destination":"a","jobs":3,"in_flight":1,"ready":0,"reason":"none"})",
         R"({"destination":"b","jobs":1,"in_flight":1,"ready":0,"reason":"none"})",
         R"({"destination":"c","jobs":3,"in_flight":1,"ready":2,"reason":"lane-window"})"},
        [](const Queue& queue) {
          const auto lanes = ask_lanes(queue, 5, kPatience);
          ASSERT_TRUE(lanes);
          std::vector<std::string> reasons;
          for (const auto& lane : *lanes) reasons.push_back(lane.reason);
          EXPECT_THAT(reasons, testing::ElementsAre("retry-time", "-", "lane-window"));
        });
}

TEST_F(QueueAnswers, NobodyIsThere) {
  const Queue queue{7, "queue7", directory_, directory_ + "/control", true};
  EXPECT_FALSE(ask_figures(queue, kPatience));
  EXPECT_FALSE(is_retired(queue));
  EXPECT_TRUE(is_retired({7, "queue7", directory_, directory_ + "/control", false}));
}

TEST_F(QueueAnswers, QueuesAreThoseOfTheSettingsAndOfTheDisk) {
  settings::Settings settings;
  settings.queue_base = directory_;
  settings.run_dir = "/run";
  settings.ipc_prefix = "no-such-prefix-";
  settings.queue_start = 2;
  settings.queue_count = 2;
  for (const char* name :
       {"queue1", "queue9", "queue10", "queue010", "queue", "queue1024", "queue0", "queue11x", "other"})
    std::filesystem::create_directory(directory_ + '/' + name);
  std::vector<unsigned> numbers;
  for (const Queue& queue : queues_of(settings)) numbers.push_back(queue.number);
  EXPECT_THAT(numbers, testing::ElementsAre(2, 3, 9, 10));
  EXPECT_EQ(queues_of(settings)[2].control, "/run/control/queue9");
}

}  // namespace
}  // namespace sluice::observe
