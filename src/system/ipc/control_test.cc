#include "system/ipc/control.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

namespace sluice::ipc {
namespace {

class Control : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-control-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
    path_ = directory_ + "/control";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Serves in a thread of its own while `asking` runs in this one.
  void serve(const ControlServer::Handler& handler, const std::function<void()>& asking) {
    net::Loop loop;
    auto listener = net::listen_path(path_, 0600);
    ASSERT_TRUE(listener) << listener.error().what;
    ControlServer server(loop, std::move(*listener), link::Role::kScheduler, handler);
    std::jthread thread([&] { loop.run(); });
    asking();
    loop.context().stop();
  }
  std::string directory_, path_;
};

TEST_F(Control, StreamsEveryAnswerInOrder) {
  constexpr int kMany = 100'000;
  int next = 0;
  std::string last;
  serve(
      [](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        return [i = 0]() mutable -> std::optional<std::string> {
          if (i == kMany) return std::nullopt;
          return std::to_string(i++);
        };
      },
      [&] {
        const auto asked = ask(path_, {{"what", "queue"}}, [&](Octets json) {
          last = json;
          if (json == std::to_string(next)) ++next;
        });
        EXPECT_TRUE(asked) << asked.error();
      });
  EXPECT_EQ(next, kMany);
  EXPECT_EQ(last, "99999");
}

TEST_F(Control, PassesTheDaemonsRefusalOn) {
  serve(
      [](const nlohmann::json& query, Asker) -> Result<Answers, std::string> {
        return fail("no such thing: " + query["what"].get<std::string>());
      },
      [&] {
        const auto asked = ask(path_, {{"what", "tea"}}, [](Octets) { ADD_FAILURE(); });
        ASSERT_FALSE(asked);
        EXPECT_EQ(asked.error(), "no such thing: tea");
      });
}

TEST_F(Control, TellsWhoAsks) {
  serve(
      [](const nlohmann::json&, Asker asker) -> Result<Answers, std::string> {
        return answer_list({asker == Asker::kOwner ? "owner" : "anybody"});
      },
      [&] {
        std::string said;
        EXPECT_TRUE(ask(path_, {{"what", "status"}}, [&](Octets json) { said = json; }));
        EXPECT_EQ(said, "owner");
      });
}

TEST_F(Control, SaysThatNobodyListens) {
  const auto asked = ask(path_, {{"what", "status"}}, [](Octets) {});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(), "cannot connect to " + path_ + ": No such file or directory");
}

TEST_F(Control, GivesUpOnADaemonThatDoesNotAnswer) {
  const auto listener = net::listen_path(path_, 0600);  // connects, but nobody reads
  const auto asked = ask(
      path_, {{"what", "status"}}, [](Octets) {}, Duration{20});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(), "no answer from " + path_ + ": Resource temporarily unavailable");
}

}  // namespace
}  // namespace sluice::ipc
