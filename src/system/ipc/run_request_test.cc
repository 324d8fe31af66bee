#include "system/ipc/run_request.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "system/ipc/control.h"

namespace sluice::ipc {
namespace {

class RunRequests : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-runs-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    std::filesystem::create_directory(directory_ + "/control");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string socket(const std::string& queue) const { return directory_ + "/control/" + queue; }

  // A queue that answers every run in the same way; an answer that is no JSON object is a refusal.
  void add_queue(const std::string& queue, const std::string& answer) {
    auto listener = net::listen_path(socket(queue), 0600);
    ASSERT_TRUE(listener) << listener.error().what;
    servers_.push_back(std::make_unique<ControlServer>(
        loop_, std::move(*listener), link::Role::kScheduler,
        [this, answer](const nlohmann::json& query, Asker) -> Result<Answers, std::string> {
          queries_.push_back(query);
          if (answer.front() != '{') return fail(answer);
          return answer_list({answer});
        }));
  }

  RunRequest::Outcome ask(const std::vector<std::string>& sockets) {
    select::QueueRun run;
    run.id = "7.1";
    run.trigger = select::Trigger::kTimer;
    RunRequest::Outcome outcome;
    const RunRequest request(loop_, sockets, run, Duration{500}, [&](const RunRequest::Outcome& result) {
      outcome = result;
      loop_.stop();
    });
    loop_.run();
    return outcome;
  }

  net::Loop loop_;
  std::string directory_;
  std::vector<std::unique_ptr<ControlServer>> servers_;
  std::vector<nlohmann::json> queries_;
};

TEST_F(RunRequests, CountTheMessagesOfAllQueues) {
  add_queue("queue1", R"({"run":"7.1","queue":"queue1","selected":3})");
  add_queue("queue2", R"({"run":"7.1","queue":"queue2","selected":4})");
  const auto outcome = ask({socket("queue1"), socket("queue2")});
  EXPECT_EQ(outcome.answered, 2u);
  EXPECT_EQ(outcome.selected, 7u);
  EXPECT_TRUE(outcome.troubles.empty());
  ASSERT_EQ(queries_.size(), 2u);
  EXPECT_EQ(queries_[0]["what"], "run");
  EXPECT_EQ(queries_[0]["run"], "7.1");
  EXPECT_EQ(queries_[0]["trigger"], "timer");
}

TEST_F(RunRequests, OfAQueueThatDoesNotRunAreNoTrouble) {
  const auto outcome = ask({socket("queue1")});
  EXPECT_EQ(outcome.answered, 0u);
  EXPECT_TRUE(outcome.troubles.empty());
}

TEST_F(RunRequests, OfNoQueueAtAllEndToo) { EXPECT_EQ(ask({}).answered, 0u); }

TEST_F(RunRequests, AreNotStoppedByAQueueThatRefusesOrTalksNonsense) {
  add_queue("queue1", "not now");
  add_queue("queue2", R"({"what":"is this"})");
  add_queue("queue3", R"({"selected":1})");
  const auto outcome = ask({socket("queue1"), socket("queue2"), socket("queue3")});
  EXPECT_EQ(outcome.answered, 1u);
  EXPECT_EQ(outcome.selected, 1u);
  ASSERT_EQ(outcome.troubles.size(), 2u);
  EXPECT_EQ(outcome.troubles[0], socket("queue1") + ": not now");
}

TEST_F(RunRequests, DoNotWaitForeverForASilentQueue) {
  const auto silent = net::listen_path(socket("queue1"), 0600);
  ASSERT_TRUE(silent);
  const auto outcome = ask({socket("queue1")});
  EXPECT_EQ(outcome.answered, 0u);
  ASSERT_EQ(outcome.troubles.size(), 1u);
  EXPECT_EQ(outcome.troubles[0], socket("queue1") + " does not answer");
}

TEST_F(RunRequests, FindTheSocketsOfQueuesByTheirNumbers) {
  for (const char* name : {"queue10", "queue2", "queue", "queue3x", "other"})
    ASSERT_TRUE(net::listen_path(socket(name), 0600));
  const auto found = queue_sockets(directory_);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].number, 2u);
  EXPECT_EQ(found[1].number, 10u);
  EXPECT_EQ(found[1].path, socket("queue10"));
  EXPECT_TRUE(queue_sockets(directory_ + "/no/such").empty());
}

}  // namespace
}  // namespace sluice::ipc
