#include "system/net/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace sluice::net {
namespace {

TEST(Endpoint, ReadsAddressesAsSettingsWriteThem) {
  EXPECT_EQ(Endpoint::parse("127.0.0.1:25")->to_string(), "127.0.0.1:25");
  EXPECT_EQ(Endpoint::parse("[::1]:587")->to_string(), "[::1]:587");
  EXPECT_EQ(Endpoint::parse("[::1]:587")->address(), "::1");
}

TEST(Endpoint, RefusesWhatIsNoAddressAndPort) {
  for (const char* bad : {"", "25", "localhost:25", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x",
                          "::1:25", "127.0.0.1:25 "})
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
}

TEST(Endpoint, ShowsMappedAddressesAsIpv4) {
  EXPECT_EQ(Endpoint::from_address("::ffff:192.0.2.1", 25).address(), "192.0.2.1");
}

TEST(Endpoint, RefusesPathsThatDoNotFitASocketAddress) { EXPECT_FALSE(Endpoint::path(std::string(200, 'x'))); }

TEST(ListenTcp, SaysThatAPortIsOccupied) {
  const auto first = listen_tcp(*Endpoint::parse("127.0.0.1:0"), false);
  ASSERT_TRUE(first);
  const Endpoint taken = Endpoint::local_of(first->get());
  const auto second = listen_tcp(taken, false);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_EQ(second.error().what, "cannot listen on " + taken.to_string() + ": Address already in use");
}

// Whether somebody listens there.
bool takes_connections(const Endpoint& at) {
  const os::Fd socket(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), at.data(), at.length()) == 0;
}

TEST(AnAcceptor, ThatIsSuspendedRefusesConnectionsUntilItIsResumed) {
  Loop loop;
  // A port that was asked for by its number is kept; one that the system chose is not.
  const Endpoint at = Endpoint::local_of(listen_tcp(*Endpoint::parse("127.0.0.1:0"), true)->get());
  auto listener = listen_tcp(at, true);
  ASSERT_TRUE(listener);
  int accepted = 0;
  Acceptor acceptor(loop, std::move(*listener), [&](os::Fd, const Endpoint&) { ++accepted; });
  const auto turn = [&] {
    loop.context().restart();
    loop.context().run_for(std::chrono::milliseconds(20));
  };
  EXPECT_TRUE(takes_connections(at));
  turn();
  for (int round = 1; round <= 3; ++round) {
    acceptor.suspend();
    acceptor.suspend();
    turn();
    EXPECT_FALSE(takes_connections(at));
    EXPECT_TRUE(acceptor.resume());
    EXPECT_TRUE(acceptor.resume());
    EXPECT_TRUE(takes_connections(at));
    turn();
    EXPECT_EQ(accepted, 1 + round);
  }
}

class ListenPath : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-socket-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(ListenPath, GivesTheSocketItsMode) {
  const auto socket = listen_path(directory_ + "/s", 0640);
  ASSERT_TRUE(socket) << socket.error().what;
  struct stat status {};
  ASSERT_EQ(::stat((directory_ + "/s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

TEST_F(ListenPath, ReplacesTheSocketOfADeadProcess) {
  ASSERT_TRUE(listen_path(directory_ + "/s", 0600));  // closed at once, its file stays
  EXPECT_TRUE(listen_path(directory_ + "/s", 0600));
}

TEST_F(ListenPath, LeavesTheSocketOfALivingProcessAlone) {
  const auto living = listen_path(directory_ + "/s", 0600);
  const auto second = listen_path(directory_ + "/s", 0600);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
}

TEST(ConnectTcp, GivesAConnectedSocket) {
  Loop loop;
  auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0"), false);
  const Endpoint at = Endpoint::local_of(listener->get());
  bool accepted = false, connected = false;
  const auto both = [&] {
    if (accepted && connected) loop.stop();
  };
  Acceptor acceptor(loop, std::move(*listener), [&](os::Fd socket, const Endpoint& peer) {
    EXPECT_EQ(peer.address(), "127.0.0.1");
    EXPECT_EQ(::fcntl(socket.get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    accepted = true;
    both();
  });
  const auto connecting = connect_to(loop, at, Duration{5000}, [&](os::Fd socket, int code) {
    EXPECT_EQ(code, 0);
    EXPECT_TRUE(socket);
    connected = true;
    both();
  });
  loop.run();
  EXPECT_TRUE(accepted && connected);
}

TEST(ConnectTcp, SaysThatNobodyListens) {
  Loop loop;
  Endpoint closed;
  {
    const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0"), false);
    closed = Endpoint::local_of(listener->get());
  }
  int seen = 0;
  const auto connecting = connect_to(loop, closed, Duration{5000}, [&](os::Fd socket, int code) {
    EXPECT_FALSE(socket);
    seen = code;
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(seen, ECONNREFUSED);
}

TEST(ConnectTcp, GivesUpAfterItsTimeout) {
  Loop loop;
  // A listener whose queue is full answers no further SYN.
  const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0"), false, 0);
  const Endpoint at = Endpoint::local_of(listener->get());
  std::vector<std::unique_ptr<Connecting>> connecting;
  std::vector<os::Fd> connected;
  int timed_out = 0;
  for (int i = 0; i < 4; ++i)
    connecting.push_back(connect_to(loop, at, Duration{50}, [&](os::Fd socket, int code) {
      if (code == ETIMEDOUT) ++timed_out;
      if (code == 0) connected.push_back(std::move(socket));
    }));
  loop.run();
  EXPECT_GE(timed_out, 1);
}

TEST(ConnectTcp, DoesNotCallBackOnceItIsDestroyed) {
  Loop loop;
  const auto listener = listen_tcp(*Endpoint::parse("127.0.0.1:0"), false);
  auto connecting =
      connect_to(loop, Endpoint::local_of(listener->get()), Duration{5000}, [](os::Fd, int) { ADD_FAILURE(); });
  connecting.reset();
  loop.run();
}

}  // namespace
}  // namespace sluice::net
