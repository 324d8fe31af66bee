#include "other_groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "system/net/socket.h"
#include "system/os/clock.h"

namespace sluice::scheduler {
namespace {

using schedule::AttemptId;
using testing::ElementsAre;
using testing::HasSubstr;

class TextBodies final : public store::BodyReader {
 public:
  Result<std::size_t, store::Trouble> read(const queue::BodyRef&, std::uint64_t position, char* to,
                                           std::size_t length) override {
    const std::string_view part = std::string_view(text).substr(std::min<std::size_t>(position, text.size()), length);
    part.copy(to, part.size());
    return part.size();
  }
  std::string text;
};

// The intake of a queue of the other group, which stores everything.
class Intake {
 public:
  Intake(net::Loop& loop, const std::string& path)
      : acceptor_(loop, net::listen_path(path, 0600).value(), [this, &loop](os::Fd socket, net::Endpoint) {
          link_ = std::make_unique<ipc::Link>(
              loop, std::move(socket), link::Hello{.role = link::Role::kIntake},
              ipc::Link::Callbacks{.hello = [](const link::Hello&) {},
                                   .frame = [this](const link::Frame& frame) { return take(frame); },
                                   .closed = [](const std::string&) {}});
        }) {}

  std::vector<std::string> envelopes;
  std::string body;
  std::size_t pieces = 0;
  std::optional<link::SubmitFor> whom;

 private:
  bool take(const link::Frame& frame) {
    if (frame.type == link::FrameType::kSubmitFor) {
      whom = link::SubmitFor::decode(frame.payload);
    } else if (frame.type == link::FrameType::kSubmit) {
      const auto submit = link::Submit::decode(frame.payload);
      envelopes.emplace_back(submit->envelope);
      body = submit->body;
      link_->send(link::Submitted{submit->token, queue::MessageId{77}});
    } else if (frame.type == link::FrameType::kSubmitOpen) {
      envelopes.emplace_back(link::SubmitOpen::decode(frame.payload)->envelope);
    } else if (frame.type == link::FrameType::kSubmitData) {
      ++pieces;
      body += link::SubmitData::decode(frame.payload)->octets;
    } else if (frame.type == link::FrameType::kSubmitEnd) {
      link_->send(link::Submitted{link::SubmitEnd::decode(frame.payload)->token, queue::MessageId{78}});
    }
    return true;
  }

  net::Acceptor acceptor_;
  std::unique_ptr<ipc::Link> link_;
};

class OtherGroupsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/groups-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    bodies_.text = "Subject: hello\r\n\r\nhello\r\n";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string socket() const { return directory_ + "/queue101"; }
  OtherGroups::Copy copy() const {
    queue::BodyRef body;
    body.length = bodies_.text.size();
    return {"slow", "E", body, {1000, 4242, wall_from_millis(1767225600123)}};
  }
  void turn_until(std::size_t answers) {
    const MonoTime limit = os::mono_now() + Duration{5000};
    std::unique_ptr<net::Timer> look;
    look = std::make_unique<net::Timer>(loop_, [&] {
      if (answers_.size() >= answers || os::mono_now() > limit) return loop_.stop();
      look->set_after(Duration{1});
    });
    look->set_after(Duration{0});
    loop_.run();
    loop_.context().restart();
    EXPECT_EQ(answers_.size(), answers);
  }

  std::string directory_;
  net::Loop loop_;
  TextBodies bodies_;
  std::vector<std::string> answers_;
  OtherGroups groups_{loop_, bodies_,
                      [this](const std::string& group) {
                        return group == "slow" ? std::vector<ipc::Submitter::Offer>{{.intake = socket()}}
                                               : std::vector<ipc::Submitter::Offer>{};
                      },
                      [this](AttemptId attempt, const std::string& group, const ipc::Submitter::Answer& answer) {
                        answers_.push_back(std::to_string(attempt.raw()) + ' ' + group + ' ' +
                                           (answer ? std::to_string(answer->raw()) : answer.error().text));
                      },
                      [](const std::string&) {}};
};

TEST_F(OtherGroupsTest, HandsASmallMessageOverInOneFrame) {
  Intake intake(loop_, socket());
  groups_.begin(AttemptId{5}, copy());
  EXPECT_TRUE(answers_.empty()) << "never from within the call";
  turn_until(1);
  EXPECT_THAT(answers_, ElementsAre("5 slow 77"));
  EXPECT_THAT(intake.envelopes, ElementsAre("E"));
  EXPECT_EQ(intake.body, bodies_.text);
  ASSERT_TRUE(intake.whom);
  EXPECT_EQ(intake.whom->uid, 1000U);
  EXPECT_EQ(intake.whom->arrival, copy().whom.arrival);
}

TEST_F(OtherGroupsTest, HandsALargeMessageOverInPieces) {
  Intake intake(loop_, socket());
  for (int line = 0; bodies_.text.size() < 8'000'000; ++line) bodies_.text += std::to_string(line) + "\r\n";
  groups_.begin(AttemptId{5}, copy());
  turn_until(1);
  EXPECT_THAT(answers_, ElementsAre("5 slow 78"));
  EXPECT_TRUE(intake.body == bodies_.text);
  EXPECT_GT(intake.pieces, 100u);
  ASSERT_TRUE(intake.whom);
  EXPECT_EQ(intake.whom->arrival, copy().whom.arrival);
}

TEST_F(OtherGroupsTest, SaysWhyWhatCannotBeHandedOverIsNot) {
  groups_.begin(AttemptId{1}, copy());
  auto elsewhere = copy();
  elsewhere.group = "gone";
  groups_.begin(AttemptId{2}, elsewhere);
  EXPECT_TRUE(answers_.empty());
  turn_until(2);
  Intake intake(loop_, socket());
  auto longer = copy();
  longer.body.length += 1;
  OtherGroups fresh(
      loop_, bodies_, [this](const std::string&) { return std::vector<ipc::Submitter::Offer>{{.intake = socket()}}; },
      [this](AttemptId, const std::string&, const ipc::Submitter::Answer& answer) {
        answers_.push_back(answer ? "stored" : answer.error().text);
      },
      [](const std::string&) {});
  fresh.begin(AttemptId{3}, longer);
  longer.body.length = link::kLargeBody + 1;
  fresh.begin(AttemptId{4}, longer);
  turn_until(4);
  EXPECT_THAT(answers_,
              ElementsAre("1 slow no queue of group slow takes mail", "2 gone no queue of group gone takes mail",
                          HasSubstr("cannot be read"), HasSubstr("cannot be read")));
}

TEST_F(OtherGroupsTest, WaitsLongerAndLongerForAGroupThatFails) {
  const auto [first, news] = groups_.postpone("slow");
  EXPECT_TRUE(news);
  EXPECT_EQ(first - loop_.now(), Duration{1000});
  const auto [same, old] = groups_.postpone("slow");
  EXPECT_FALSE(old);
  EXPECT_EQ(same, first);
  groups_.works("slow");
  EXPECT_TRUE(groups_.postpone("slow").second);
}

}  // namespace
}  // namespace sluice::scheduler
