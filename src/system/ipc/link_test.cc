#include "system/ipc/link.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "system/net/socket.h"

namespace sluice::ipc {
namespace {

struct TwoLinks {
  net::Loop loop;
  std::unique_ptr<Link> a, b;
  os::Fd a_socket, b_socket;

  TwoLinks() {
    auto both = net::socket_pair();
    a_socket = std::move(both->first);
    b_socket = std::move(both->second);
  }
  std::unique_ptr<Link> make(os::Fd socket, link::Role role, Link::Callbacks callbacks) {
    return std::make_unique<Link>(loop, std::move(socket), link::Hello{.role = role, .pid = 7}, std::move(callbacks));
  }
};

TEST(Link, IntroducesItselfAndCarriesFramesInOrder) {
  TwoLinks two;
  std::vector<std::uint64_t> tokens;
  two.a = two.make(std::move(two.a_socket), link::Role::kIntake,
                   {nullptr, [](const link::Frame&) { return true; }, [](const std::string&) {}});
  two.b = two.make(std::move(two.b_socket), link::Role::kScheduler,
                   {[&](const link::Hello& hello) { EXPECT_EQ(hello.role, link::Role::kIntake); },
                    [&](const link::Frame& frame) {
                      const auto abort = link::SubmitAbort::decode(frame.payload);
                      tokens.push_back(abort->token);
                      if (tokens.size() == 3) two.loop.stop();
                      return true;
                    },
                    [](const std::string& why) { ADD_FAILURE() << why; }});
  for (const std::uint64_t token : {1, 2, 3}) two.a->send(link::SubmitAbort{token});
  two.loop.run();
  EXPECT_EQ(tokens, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(two.b->peer().pid, 7U);
}

TEST(Link, BringsEachDescriptorWithTheFrameItWasSentWith) {
  TwoLinks two;
  std::vector<std::string> read;  // by frame: what came out of its descriptor
  two.a = two.make(std::move(two.a_socket), link::Role::kSupervisor,
                   {nullptr, [](const link::Frame&) { return true; }, [](const std::string&) {}});
  Link::Callbacks callbacks{nullptr,
                            [&](const link::Frame& frame) {
                              if (frame.type == link::FrameType::kReload) {
                                two.loop.stop();
                                return true;
                              }
                              const os::Fd descriptor = two.b->take_descriptor();
                              char text[8];
                              const ssize_t n = ::read(descriptor.get(), text, sizeof text);
                              read.emplace_back(text, n > 0 ? static_cast<std::size_t>(n) : 0);
                              return true;
                            },
                            [](const std::string& why) { ADD_FAILURE() << why; }};
  callbacks.descriptors = true;
  two.b = two.make(std::move(two.b_socket), link::Role::kScheduler, std::move(callbacks));
  for (const std::string text : {"one", "two"}) {
    int both[2];
    ASSERT_EQ(::pipe(both), 0);
    ASSERT_EQ(::write(both[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(both[1]);
    two.a->send(link::SubmitAbort{1}, os::Fd(both[0]));
  }
  two.a->send(link::SubmitAbort{2});
  two.a->send(link::Reload{});
  two.loop.run();
  EXPECT_EQ(read, (std::vector<std::string>{"one", "two", ""}));
  EXPECT_FALSE(two.b->take_descriptor());
}

// Writes octets at a link and returns what it says when it ends.
std::string end_of(const std::string& octets) {
  TwoLinks two;
  std::string why = "still open";
  two.a = two.make(std::move(two.a_socket), link::Role::kIntake,
                   {nullptr, [](const link::Frame& frame) { return frame.type == link::FrameType::kReload; },
                    [&](const std::string& said) {
                      why = said;
                      two.loop.stop();
                    }});
  EXPECT_EQ(::write(two.b_socket.get(), octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  ::shutdown(two.b_socket.get(), SHUT_WR);
  two.loop.run();
  return why;
}

std::string hello(std::uint16_t version) {
  std::string out;
  link::append_message(out, link::Hello{.version = version});
  return out;
}

std::string reload() {
  std::string out;
  link::append_message(out, link::Reload{});
  return out;
}

TEST(Link, EndsWhenThePeerCloses) { EXPECT_EQ(end_of(hello(link::kProtocolVersion) + reload()), "closed by the peer"); }

TEST(Link, EndsWhenAFrameComesBeforeTheIntroduction) {
  EXPECT_EQ(end_of(reload()), "sent a malformed or unexpected message of type 32");
}

TEST(Link, EndsWhenThePeerIntroducesItselfTwice) {
  EXPECT_EQ(end_of(hello(link::kProtocolVersion) + hello(link::kProtocolVersion)),
            "sent a malformed or unexpected message of type 1");
}

TEST(Link, EndsWhenThePeerSpeaksAnotherVersion) {
  EXPECT_EQ(end_of(hello(link::kProtocolVersion + 1)), "sent a malformed or unexpected message of type 1");
}

TEST(Link, EndsOnGarbage) { EXPECT_EQ(end_of("GET / HTTP/1.1\r\n\r\n"), "sent a malformed frame"); }

TEST(Link, MayBeDestroyedByTheHandlerOfAFrame) {
  TwoLinks two;
  two.a = two.make(std::move(two.a_socket), link::Role::kIntake,
                   {nullptr,
                    [&](const link::Frame&) {
                      two.a.reset();
                      two.loop.stop();
                      return true;
                    },
                    [](const std::string&) { ADD_FAILURE(); }});
  const std::string octets = hello(link::kProtocolVersion) + reload() + reload();
  ASSERT_EQ(::write(two.b_socket.get(), octets.data(), octets.size()), static_cast<ssize_t>(octets.size()));
  two.loop.run();
  EXPECT_EQ(two.a, nullptr);
}

}  // namespace
}  // namespace sluice::ipc
