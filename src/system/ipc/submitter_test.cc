#include "system/ipc/submitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/link/doors.h"
#include "system/net/socket.h"
#include "system/os/clock.h"

namespace sluice::ipc {
namespace {

using testing::ElementsAre;

// A directory for sockets that goes away with the test.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/submitter-test-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The intake's side: takes links, keeps what was said, and answers what `answer` says.
class FakeIntake {
 public:
  FakeIntake(net::Loop& loop, const std::string& path)
      : loop_(loop), acceptor_(loop, net::listen_path(path, 0600).value(), [this](os::Fd socket, net::Endpoint) {
          ++links;
          link =
              std::make_unique<Link>(loop_, std::move(socket), link::Hello{.role = link::Role::kIntake},
                                     Link::Callbacks{.hello = [](const link::Hello&) {},
                                                     .frame = [this](const link::Frame& frame) { return take(frame); },
                                                     .closed = [](const std::string&) {}});
        }) {}

  bool take(const link::Frame& frame) {
    if (const auto submit = link::Submit::decode(frame.payload); frame.type == link::FrameType::kSubmit && submit) {
      said.push_back("submit " + std::string(submit->envelope) + "|" + std::string(submit->body));
      token = submit->token;
    } else if (const auto open = link::SubmitOpen::decode(frame.payload);
               frame.type == link::FrameType::kSubmitOpen && open) {
      said.push_back("open " + std::string(open->envelope));
    } else if (const auto data = link::SubmitData::decode(frame.payload);
               frame.type == link::FrameType::kSubmitData && data) {
      said.push_back("data " + std::string(data->octets));
    } else if (const auto end = link::SubmitEnd::decode(frame.payload);
               frame.type == link::FrameType::kSubmitEnd && end) {
      said.push_back("end");
      token = end->token;
    } else if (frame.type == link::FrameType::kSubmitAbort) {
      said.push_back("abort");
    }
    if (on_frame) on_frame();
    return true;
  }

  void accept(std::uint64_t id) { link->send(link::Submitted{token, queue::MessageId{id}}); }

  int links = 0;
  std::unique_ptr<Link> link;
  std::vector<std::string> said;
  std::uint64_t token = 0;
  std::function<void()> on_frame;

 private:
  net::Loop& loop_;
  net::Acceptor acceptor_;
};

class SubmitterTest : public testing::Test {
 protected:
  std::unique_ptr<Submitter> make(std::vector<std::string> names) {
    for (auto& name : names) name = directory_.file(name);
    return std::make_unique<Submitter>(loop_, std::move(names), link::Role::kSmtpServer,
                                       Submitter::Callbacks{[this](std::string_view level, const std::string&) {
                                         reports_.push_back(std::string(level));
                                       }});
  }
  // Keeps answers as text.
  Submitter::OnAnswer remember() {
    return [this](const Submitter::Answer& answer) {
      answers_.push_back(answer ? std::to_string(answer->raw())
                                : std::string(answer.error().permanent ? "permanent " : "temporary ") +
                                      answer.error().text);
    };
  }
  // Turns the loop until `done`, at most five seconds.
  void turn_until(const std::function<bool()>& done) {
    const MonoTime limit = os::mono_now() + Duration{5000};
    std::unique_ptr<net::Timer> look;
    look = std::make_unique<net::Timer>(loop_, [&] {
      if (done() || os::mono_now() > limit) return loop_.stop();
      look->set_after(Duration{1});
    });
    look->set_after(Duration{0});
    loop_.run();
    loop_.context().restart();
    EXPECT_TRUE(done());
  }

  Directory directory_;
  net::Loop loop_;
  std::vector<std::string> reports_, answers_;
};

TEST_F(SubmitterTest, BringsBackTheIdOfADurableMessage) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  intake.on_frame = [&] { intake.accept(77); };
  const auto submitter = make({"queue1"});
  EXPECT_NE(submitter->submit(submitter->choose().value(), "E", "body", remember()), 0);
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(intake.said, ElementsAre("submit E|body"));
  EXPECT_THAT(answers_, ElementsAre("77"));
  EXPECT_EQ(submitter->waiting(), 0);
}

TEST_F(SubmitterTest, BringsBackARefusalWithItsText) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  intake.on_frame = [&] { intake.link->send(link::SubmitRefused{intake.token, true, "malformed"}); };
  const auto submitter = make({"queue1"});
  submitter->submit(0, "E", "body", remember());
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(answers_, ElementsAre("permanent malformed"));
}

TEST_F(SubmitterTest, SendsALargeMessageInPiecesUnderOneToken) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  intake.on_frame = [&] {
    if (intake.said.back() == "end") intake.accept(5);
  };
  const auto submitter = make({"queue1"});
  const auto token = submitter->open(0, "E", remember());
  submitter->data(token, "one");
  submitter->data(token, "two");
  submitter->end(token);
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(intake.said, ElementsAre("open E", "data one", "data two", "end"));
  EXPECT_THAT(answers_, ElementsAre("5"));
}

TEST_F(SubmitterTest, AbortTakesTheMessageBackAndIsNotAnswered) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  const auto submitter = make({"queue1"});
  const auto token = submitter->open(0, "E", remember());
  submitter->abort(token);
  submitter->data(token, "dropped");
  turn_until([&] { return intake.said.size() == 2; });
  EXPECT_THAT(intake.said, ElementsAre("open E", "abort"));
  EXPECT_EQ(submitter->waiting(), 0);
}

TEST_F(SubmitterTest, LossOfTheLinkRefusesEverythingThatIsNotAnswered) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  intake.on_frame = [&] {
    if (intake.said.size() == 2) intake.link->close_after_flush();
  };
  const auto submitter = make({"queue1"});
  submitter->submit(0, "E", "whole", remember());
  const auto open = submitter->open(0, "E", remember());
  turn_until([&] { return answers_.size() == 2; });
  EXPECT_THAT(answers_,
              ElementsAre("temporary the link to the queue was lost", "temporary the link to the queue was lost"));
  submitter->data(open, "late");  // harmless
  submitter->end(open);
  EXPECT_EQ(submitter->waiting(), 0);
}

TEST_F(SubmitterTest, ReachesTheIntakeAgainAfterARest) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  const auto submitter = make({"queue1"});
  ASSERT_TRUE(submitter->choose());
  turn_until([&] { return intake.links == 1; });
  intake.link->close_after_flush();
  turn_until([&] { return !submitter->choose(); });
  turn_until([&] { return submitter->choose().has_value(); });
  turn_until([&] { return intake.links == 2; });
}

TEST_F(SubmitterTest, ChoosesNothingWithoutAnIntakeAndSaysSoOnce) {
  const auto submitter = make({"queue1"});
  EXPECT_FALSE(submitter->choose());
  EXPECT_EQ(submitter->submit(0, "E", "body", remember()), 0);
  EXPECT_FALSE(submitter->choose());
  EXPECT_THAT(reports_, ElementsAre("warn"));
}

TEST_F(SubmitterTest, SpreadsOverTheQueuesThatCanBeReached) {
  FakeIntake one(loop_, directory_.file("queue1"));
  FakeIntake three(loop_, directory_.file("queue3"));
  const auto submitter = make({"queue1", "queue2", "queue3"});
  std::vector<std::size_t> chosen;
  for (int i = 0; i < 4; ++i) chosen.push_back(submitter->choose().value());
  EXPECT_THAT(chosen, ElementsAre(0, 2, 0, 2));
}

// A set of queues that the test changes. Its offers are never fresh.
TEST_F(SubmitterTest, PrefersQueuesOfTheGroupButTakesAnyOtherBeforeNone) {
  FakeIntake first(loop_, directory_.file("queue1")), second(loop_, directory_.file("queue101"));
  const std::vector<Submitter::Offer> offers{{directory_.file("queue1"), {.open = true}, 0},
                                             {directory_.file("queue101"), {.open = true}, 1},
                                             {directory_.file("queue102"), {.open = true}, 1},
                                             {directory_.file("queue201"), {.open = true}, 2}};
  Submitter submitter(loop_, [&] { return offers; }, link::Role::kSmtpServer,
                      {[](std::string_view, const std::string&) {}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(submitter.choose(), 0u);
    EXPECT_EQ(submitter.choose(1), 1u) << "the other queue of the group cannot be reached";
  }
  EXPECT_TRUE(submitter.choose(2).has_value()) << "nor can any of that group";
}

class ChangingOffersTest : public SubmitterTest {
 protected:
  std::unique_ptr<Submitter> follow() {
    return std::make_unique<Submitter>(
        loop_,
        [this] {
          std::vector<Submitter::Offer> offers;
          for (const auto& [name, load] : offers_)
            offers.push_back({directory_.file(name), {.open = true, .load = load, .step = 10}});
          return offers;
        },
        link::Role::kSmtpServer, Submitter::Callbacks{[this](std::string_view level, const std::string& what) {
          reports_.push_back(std::string(level) + ' ' + what);
        }});
  }
  // Until what was offered before is not fresh any more.
  void wait_for_offers(Submitter& submitter) {
    const MonoTime fresh_until = os::mono_now() + Submitter::kFresh + Duration{5};
    turn_until([&] { return os::mono_now() > fresh_until; });
    submitter.refresh();
  }
  std::vector<std::pair<std::string, std::uint32_t>> offers_;
};

TEST_F(ChangingOffersTest, GivesANewQueueItsShareAndKeepsTheIndexesOfTheOthers) {
  const FakeIntake first(loop_, directory_.file("queue1")), second(loop_, directory_.file("queue2"));
  offers_ = {{"queue1", 0}};
  const auto submitter = follow();
  EXPECT_EQ(submitter->choose(), 0);
  offers_ = {{"queue2", 0}, {"queue1", 0}};
  wait_for_offers(*submitter);
  std::vector<std::size_t> chosen{submitter->choose().value(), submitter->choose().value()};
  EXPECT_THAT(chosen, testing::UnorderedElementsAre(0, 1));
}

TEST_F(ChangingOffersTest, GivesNothingToAQueueThatIsNotOfferedAnyMoreButTakesItsAnswers) {
  FakeIntake first(loop_, directory_.file("queue1"));
  const FakeIntake second(loop_, directory_.file("queue2"));
  offers_ = {{"queue1", 0}, {"queue2", 50}};
  const auto submitter = follow();
  ASSERT_EQ(submitter->choose(), 0);
  submitter->submit(0, "E", "body", remember());
  turn_until([&] { return first.said.size() == 1; });
  offers_ = {{"queue2", 50}};
  wait_for_offers(*submitter);
  EXPECT_EQ(submitter->choose(), 1);
  EXPECT_EQ(submitter->submit(0, "E", "body", remember()), 0);
  first.accept(77);
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(answers_, ElementsAre("77"));
}

TEST_F(ChangingOffersTest, SaysNothingWhenAQueueThatIsNotOfferedAnyMoreClosesItsDoor) {
  FakeIntake first(loop_, directory_.file("queue1"));
  offers_ = {{"queue1", 0}};
  const auto submitter = follow();
  submitter->submit(0, "E", "body", remember());
  turn_until([&] { return first.said.size() == 1; });
  offers_ = {};
  first.link.reset();
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(answers_, ElementsAre(testing::StartsWith("temporary")));
  EXPECT_TRUE(reports_.empty()) << reports_.front();
  EXPECT_FALSE(submitter->choose());
}

TEST_F(ChangingOffersTest, FillsTheEmptierQueueUpToTheFullerBetweenTwoLooks) {
  const FakeIntake first(loop_, directory_.file("queue1")), second(loop_, directory_.file("queue2"));
  offers_ = {{"queue1", 25}, {"queue2", 0}};
  const auto submitter = follow();
  std::vector<std::size_t> chosen;
  for (int i = 0; i < 5; ++i) chosen.push_back(submitter->choose().value());
  EXPECT_THAT(chosen, ElementsAre(1, 1, 1, 0, 1));
}

TEST_F(SubmitterTest, AnAnswerThatWasForgottenIsNotBroughtBack) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  const auto submitter = make({"queue1"});
  const auto forgotten = submitter->submit(0, "E", "1", remember());
  intake.on_frame = [&] { intake.accept(intake.said.size()); };
  submitter->forget(forgotten);
  submitter->submit(0, "E", "2", remember());
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(answers_, ElementsAre("2"));
}

TEST_F(SubmitterTest, AnIntakeThatBreaksTheProtocolIsLeft) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  intake.on_frame = [&] { intake.link->send(link::Reload{}); };
  const auto submitter = make({"queue1"});
  submitter->submit(0, "E", "body", remember());
  turn_until([&] { return !answers_.empty(); });
  EXPECT_THAT(answers_, ElementsAre(testing::StartsWith("temporary")));
}

TEST_F(SubmitterTest, ALinkThatTakesNothingIsCongestedUntilItDrains) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  bool drained = false;
  Submitter submitter(loop_, {directory_.file("queue1")}, link::Role::kSmtpServer,
                      {[](std::string_view, const std::string&) {}, [&] { drained = true; }});
  submitter.choose();
  turn_until([&] { return intake.links == 1; });
  const std::string body(link::kLargeBody, 'x');
  for (int i = 0; i < 8; ++i) submitter.submit(0, "E", body, remember());
  EXPECT_TRUE(submitter.congested());
  turn_until([&] { return drained; });
  EXPECT_FALSE(submitter.congested());
}

TEST_F(SubmitterTest, AQueueThatShutsItsDoorAnswersWhatItHasAndIsNotChosenAnyMore) {
  FakeIntake intake(loop_, directory_.file("queue1"));
  auto submitter = make({"queue1"});
  ASSERT_EQ(submitter->choose(), std::optional<std::size_t>(0));
  std::optional<Submitter::Answer> answer;
  bool shut = false;
  intake.on_frame = [&] {
    intake.link->send(link::DoorShut{});
    shut = true;
    intake.accept(7);
  };
  submitter->submit(0, "e", "b", [&](const Submitter::Answer& said) {
    answer = said;
    loop_.stop();
  });
  loop_.run();
  ASSERT_TRUE(shut && answer && *answer);
  EXPECT_EQ((*answer)->raw(), 7U);
  EXPECT_EQ(submitter->choose(), std::nullopt);
  EXPECT_EQ(submitter->submit(0, "e", "b", [](const Submitter::Answer&) { ADD_FAILURE(); }), 0U);
  EXPECT_EQ(submitter->waiting(), 0U);
}

}  // namespace
}  // namespace sluice::ipc
