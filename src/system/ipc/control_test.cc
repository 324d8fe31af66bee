#include "system/ipc/control.h"

#include <gtest/gtest.h>

#include <atomic>
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
    net::Timer later(loop, [this] { at_last_(); });
    later_ = &later;
    auto listener = net::listen_path(path_, 0600);
    ASSERT_TRUE(listener) << listener.error().what;
    ControlServer server(loop, std::move(*listener), link::Role::kScheduler, handler);
    std::jthread thread([&] { loop.run(); });
    asking();
    loop.context().stop();
  }
  std::string directory_, path_;
  net::Timer* later_ = nullptr;  // for handlers: calls at_last_, in the daemon's loop
  std::function<void()> at_last_{};
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

TEST_F(Control, EndsWithWhatWentWrongBehindTheLastAnswer) {
  std::vector<std::string> answers;
  serve(
      [](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        const auto error = std::make_shared<std::string>();
        return Answers([error, given = false]() mutable -> std::optional<std::string> {
                 if (!std::exchange(given, true)) return "{}";
                 *error = "the disk is full";
                 return std::nullopt;
               })
            .ending_with(error);
      },
      [&] {
        const auto asked = ask(path_, {{"what", "hold"}}, [&](Octets answer) { answers.emplace_back(answer); });
        ASSERT_FALSE(asked);
        EXPECT_EQ(asked.error(), "the disk is full");
      });
  EXPECT_EQ(answers, std::vector<std::string>{"{}"});
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

TEST_F(Control, PassesAnswersOnThatComeLater) {
  const auto feed = std::make_shared<Feed>();
  at_last_ = [feed] {
    feed->add("2");
    feed->end("that was it");
  };
  std::string said;
  serve(
      [&](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        feed->add("1");
        later_->set_after(Duration{20});
        return feed;
      },
      [&] {
        const auto asked = ask(path_, {{"what", "run"}}, [&](Octets json) { said += json; });
        ASSERT_FALSE(asked);
        EXPECT_EQ(asked.error(), "that was it");
      });
  EXPECT_EQ(said, "12");
}

TEST_F(Control, AsksAgainWhereNothingIsKnownYet) {
  std::string said;
  serve(
      [](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        return [i = 0]() mutable -> std::optional<std::string> {
          if (++i == 2000) return std::nullopt;
          return i % 500 == 0 ? "x" : "";
        };
      },
      [&] {
        EXPECT_TRUE(ask(path_, {{"what", "queue"}}, [&](Octets json) { said += json; }));
      });
  EXPECT_EQ(said, "xxx");
}

TEST_F(Control, SaysThatTheAskerHasGone) {
  const auto feed = std::make_shared<Feed>();
  std::atomic<bool> gone = false;
  feed->on_gone([&] { gone = true; });
  serve(
      [&](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        feed->add("0");
        return feed;
      },
      [&] {
        {
          auto asking = Asking::begin(path_, {{"what", "run"}});
          bool answered = false;
          while (asking && !answered) ASSERT_TRUE(asking->take([&](Octets) { answered = true; }));
        }
        while (!gone) std::this_thread::yield();
      });
  EXPECT_FALSE(feed->is_heard());
  EXPECT_FALSE(feed->add("1"));
}

TEST_F(Control, RefusesWhatASlowAskerDoesNotTakeAndTellsWhenThereIsRoomAgain) {
  const auto feed = std::make_shared<Feed>();
  std::atomic<bool> full = false;  // for good
  bool was_full = false;
  const std::string line(1000, 'x');
  at_last_ = [&] {  // goes on until nothing more fits, which is when the socket and the link are full too
    while (feed->add(line)) {
    }
    const bool is_full = feed->waiting() >= Feed::kMost;
    if (is_full && was_full)
      full = true;
    else
      later_->set_after(Duration{1});
    was_full = is_full;
  };
  feed->on_room(
      [&full, feed = feed.get()] {  // the link may take the first of it at once, so there is room before it was full
        if (full) feed->end();
      });
  std::size_t taken = 0;
  serve(
      [&](const nlohmann::json&, Asker) -> Result<Answers, std::string> {
        later_->set_after(Duration{1});
        return feed;
      },
      [&] {
        auto asking = Asking::begin(path_, {{"what", "run"}});
        ASSERT_TRUE(asking) << asking.error();
        while (!full) std::this_thread::yield();
        for (bool ended = false; !ended;) {
          const auto end = asking->take([&](Octets) { ++taken; });
          ASSERT_TRUE(end) << end.error();
          ended = *end;
        }
      });
  EXPECT_GT(taken, Feed::kMost / line.size());
}

TEST_F(Control, GivesUpOnADaemonThatDoesNotAnswer) {
  const auto listener = net::listen_path(path_, 0600);  // connects, but nobody reads
  const auto asked = ask(
      path_, {{"what", "status"}}, [](Octets) {}, Duration{20});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(), "no answer from " + path_ + ": it gives no sign of life");
  auto asking = Asking::begin(path_, {{"what", "queue"}}, Duration{20});
  ASSERT_TRUE(asking) << asking.error();
  EXPECT_EQ(asking->take([](Octets) {}).error(), asked.error());
}

}  // namespace
}  // namespace sluice::ipc
