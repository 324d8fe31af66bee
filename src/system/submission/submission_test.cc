#include "system/submission/submission.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "core/queue/envelope_codec.h"
#include "system/net/socket.h"

namespace sluice::submission {
namespace {

using testing::HasSubstr;

// An intake with one link: does what `script` says on a thread of its own.
class FakeIntake {
 public:
  using Script = std::function<void(FakeIntake&)>;
  FakeIntake(const std::string& path, Script script)
      : listener_(net::listen_path(path, 0600).value()), thread_([this, script = std::move(script)] {
          // net::listen_path gives a socket that does not wait.
          ::fcntl(listener_.get(), F_SETFL, 0);
          socket_ = os::Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
          if (socket_) script(*this);
          socket_.reset();
        }) {}
  ~FakeIntake() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  template <class Message>
  void say(const Message& message) {
    std::string out;
    link::append_message(out, message);
    [[maybe_unused]] const auto sent = ::send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
  }
  void greet() {
    take(link::FrameType::kHello);
    say(link::Hello{.role = link::Role::kIntake});
  }
  // The payload of the next frame, which must be of this type.
  std::string take(link::FrameType type) {
    input_.erase(0, consumed_);
    consumed_ = 0;
    for (;;) {
      const auto split = link::split_frame(input_);
      if (split && split->consumed > 0) {
        consumed_ = split->consumed;
        EXPECT_EQ(split->frame.type, type);
        return std::string(split->frame.payload);
      }
      char more[65536];
      const ssize_t count = ::recv(socket_.get(), more, sizeof more, 0);
      if (count <= 0) return {};
      input_.append(more, static_cast<std::size_t>(count));
    }
  }

 private:
  os::Fd listener_, socket_;
  std::string input_;
  std::size_t consumed_ = 0;
  std::thread thread_;
};

class SubmissionTest : public testing::Test {
 protected:
  SubmissionTest() {
    char name[] = "/tmp/submission-test-XXXXXX";
    directory_ = ::mkdtemp(name);
    doors_.intakes = {file("queue1")};
    envelope_.sender = "a@x.example";
    for (const char* address : {"b@y.example", "c@y.example"}) envelope_.recipients.emplace_back().address = address;
    envelope_.line_form = mail::LineForm::kLf;
  }
  ~SubmissionTest() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name) const { return directory_ + "/" + name; }
  // A program in the place of qmail-queue that keeps both descriptors and exits so.
  void make_program(int code) {
    std::ofstream(file("program")) << "#!/bin/sh\ncat > " << file("body") << "; cat <&1 > " << file("envelope")
                                   << "; exit " << code << "\n";
    ::chmod(file("program").c_str(), 0700);
    doors_.queue_program = {file("program")};
    doors_.environment = os::Environment::current();
  }
  std::string content(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(file(name)).rdbuf();
    return out.str();
  }

  std::string directory_;
  Doors doors_;
  mail::Envelope envelope_;
};

TEST_F(SubmissionTest, BringsBackTheIdOfADurableMessage) {
  FakeIntake intake(file("queue1"), [this](FakeIntake& self) {
    self.greet();
    const std::string payload = self.take(link::FrameType::kSubmit);
    const auto submit = link::Submit::decode(payload);
    ASSERT_TRUE(submit);
    EXPECT_EQ(queue::decode_envelope(submit->envelope).value(), envelope_);
    EXPECT_EQ(submit->body, "Hi\n");
    self.say(link::Submitted{submit->token, queue::MessageId{77}});
  });
  TextSource body("Hi\n");
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_TRUE(queued) << queued.error().text;
  EXPECT_EQ(queued->door, Queued::Door::kIntake);
  EXPECT_EQ(queued->id, queue::MessageId{77});
}

TEST_F(SubmissionTest, StreamsALargeMessage) {
  const std::string large(3 * link::kLargeBody, 'x');
  std::string received;
  FakeIntake intake(file("queue1"), [&](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmitOpen);
    std::uint64_t token = 0;
    while (received.size() < large.size()) {
      const std::string payload = self.take(link::FrameType::kSubmitData);
      if (payload.empty()) return;
      received += link::SubmitData::decode(payload)->octets;
    }
    token = link::SubmitEnd::decode(self.take(link::FrameType::kSubmitEnd))->token;
    self.say(link::Submitted{token, queue::MessageId{78}});
  });
  TextSource body(large);
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_TRUE(queued) << queued.error().text;
  EXPECT_EQ(received, large);
}

TEST_F(SubmissionTest, SaysForWhomItSpeaks) {
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    const auto whom = link::SubmitFor::decode(self.take(link::FrameType::kSubmitFor));
    ASSERT_TRUE(whom);
    EXPECT_EQ(whom->uid, 1000u);
    EXPECT_EQ(whom->pid, 42u);
    self.take(link::FrameType::kSubmit);
    self.say(link::Submitted{1, queue::MessageId{79}});
  });
  TextSource body("Hi\n");
  EXPECT_TRUE(submit_to_intake(doors_, envelope_, body, Whom{1000, 42}));
}

TEST_F(SubmissionTest, TakesAnotherQueueIfOneCannotBeReached) {
  doors_.intakes = {file("gone"), file("queue1"), file("gone")};
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmit);
    self.say(link::Submitted{1, queue::MessageId{80}});
  });
  TextSource body("Hi\n");
  EXPECT_TRUE(submit(doors_, envelope_, body));
}

TEST_F(SubmissionTest, RunsTheProgramWhenNoQueueCanBeReached) {
  make_program(0);
  TextSource body("Hi\n");
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_TRUE(queued) << queued.error().text;
  EXPECT_EQ(queued->door, Queued::Door::kProgram);
  EXPECT_EQ(content("body"), "Hi\n");
  EXPECT_EQ(content("envelope"), std::string("Fa@x.example\0Tb@y.example\0Tc@y.example\0\0", 40));
}

TEST_F(SubmissionTest, GivesTheProgramLinesThatEndWithLf) {
  make_program(0);
  envelope_.line_form = mail::LineForm::kCrlf;
  TextSource body("Hi\r\nthere\r\n");
  ASSERT_TRUE(submit(doors_, envelope_, body));
  EXPECT_EQ(content("body"), "Hi\nthere\n");
}

TEST_F(SubmissionTest, GivesAMessageFromAPipeToTheProgramWhenTheIntakeHasNotTakenIt) {
  make_program(0);
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmit);
    self.say(link::SubmitRefused{1, false, "the queue cannot write to its disk"});
  });
  int both[2];
  ASSERT_EQ(::pipe(both), 0);
  ASSERT_EQ(::write(both[1], "rest\n", 5), 5);
  ::close(both[1]);
  HeadAndRest body("Head: yes\n\n", both[0]);
  const auto queued = submit(doors_, envelope_, body);
  ::close(both[0]);
  ASSERT_TRUE(queued) << queued.error().text;
  EXPECT_EQ(content("body"), "Head: yes\n\nrest\n");
}

TEST_F(SubmissionTest, IsRefusedForNowWhenTheMessageMayHaveBeenStored) {
  make_program(0);
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmit);
  });
  TextSource body("Hi\n");
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_FALSE(queued);
  EXPECT_FALSE(queued.error().permanent);
  EXPECT_THAT(queued.error().text, HasSubstr("may be queued"));
  EXPECT_FALSE(std::filesystem::exists(file("body")));
}

TEST_F(SubmissionTest, IsRefusedForGoodByAnIntakeThatSaysSo) {
  make_program(0);
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmit);
    self.say(link::SubmitRefused{1, true, "malformed envelope"});
  });
  TextSource body("Hi\n");
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_FALSE(queued);
  EXPECT_TRUE(queued.error().permanent);
  EXPECT_FALSE(std::filesystem::exists(file("body")));
}

TEST_F(SubmissionTest, OfALargeMessageThatBreaksOffIsTriedAgainIfItCanBeReadAgain) {
  make_program(0);
  const std::string large(20 * link::kLargeBody, 'x');
  FakeIntake intake(file("queue1"), [](FakeIntake& self) {
    self.greet();
    self.take(link::FrameType::kSubmitOpen);
  });
  TextSource body(large);
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_TRUE(queued) << queued.error().text;
  EXPECT_EQ(queued->door, Queued::Door::kProgram);
  EXPECT_TRUE(content("body") == large);
}

TEST_F(SubmissionTest, MapsTheExitCodeOfTheProgram) {
  make_program(11);
  TextSource body("Hi\n");
  const auto permanent = submit(doors_, envelope_, body);
  ASSERT_FALSE(permanent);
  EXPECT_TRUE(permanent.error().permanent);
  EXPECT_EQ(permanent.error().code, 11);
  make_program(53);
  const auto temporary = submit(doors_, envelope_, body);
  ASSERT_FALSE(temporary);
  EXPECT_FALSE(temporary.error().permanent);
  EXPECT_THAT(temporary.error().text, HasSubstr("disk"));
}

TEST_F(SubmissionTest, DoesNotLetTheProgramSeeAnEnvelopeWhenTheMessageCannotBeRead) {
  make_program(54);
  HeadAndRest body("Head: yes\n\n", -1);
  EXPECT_FALSE(submit(doors_, envelope_, body));
}

TEST_F(SubmissionTest, SurvivesAProgramThatReadsNothing) {
  std::ofstream(file("program")) << "#!/bin/sh\nexit 0\n";
  ::chmod(file("program").c_str(), 0700);
  doors_.queue_program = {file("program")};
  const std::string large(20 * link::kLargeBody, 'x');
  TextSource body(large);
  const auto queued = submit(doors_, envelope_, body);
  ASSERT_FALSE(queued);
  EXPECT_FALSE(queued.error().permanent);
}

TEST_F(SubmissionTest, DoesNotAskAnIntakeIfTheUserNamedAProgram) {
  make_program(0);
  os::Environment environment = os::Environment::current();
  environment.set("QMAILQUEUE", " " + file("program") + "  word");
  settings::Settings settings;
  settings.queue_start = settings.queue_count = 1;
  settings.run_dir = directory_;
  const Doors named = doors_of(settings, environment, true);
  EXPECT_TRUE(named.program_only);
  EXPECT_EQ(named.queue_program, (std::vector<std::string>{file("program"), "word"}));
  EXPECT_FALSE(doors_of(settings, environment, false).program_only);
  TextSource body("Hi\n");
  EXPECT_TRUE(submit(named, envelope_, body));
}

TEST(ExitMeaning, FollowsTheRangesOfQmailQueue) {
  for (const int code : {11, 31, 40, 115}) EXPECT_TRUE(meaning_of_exit(code).permanent) << code;
  for (const int code : {1, 41, 51, 81, 91, 111, 120}) EXPECT_FALSE(meaning_of_exit(code).permanent) << code;
}

}  // namespace
}  // namespace sluice::submission
