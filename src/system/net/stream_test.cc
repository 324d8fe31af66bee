#include "system/net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "system/net/socket.h"

namespace sluice::net {
namespace {

struct Pair {
  Loop loop;
  std::shared_ptr<Stream> stream;
  os::Fd peer;

  Pair() {
    auto both = socket_pair();
    peer = std::move(both->second);
    stream = Stream::adopt(loop, std::move(both->first));
  }
  void peer_sends(const std::string& octets) {
    ASSERT_EQ(::write(peer.get(), octets.data(), octets.size()), ssize_t(octets.size()));
  }
  std::string peer_receives() {
    char octets[4096];
    const ssize_t n = ::recv(peer.get(), octets, sizeof octets, MSG_DONTWAIT);
    return n > 0 ? std::string(octets, static_cast<std::size_t>(n)) : "";
  }
};

TEST(Stream, GivesUnconsumedOctetsAgainTogetherWithWhatFollows) {
  Pair pair;
  std::vector<std::string> seen;
  pair.stream->start({[&](Octets octets) -> std::size_t {
                        seen.emplace_back(octets);
                        if (octets == "abc") {
                          pair.peer_sends("def");
                          return 1;
                        }
                        if (octets == "bc") return 0;
                        pair.loop.stop();
                        return octets.size();
                      },
                      [](int) {}});
  pair.peer_sends("abc");
  pair.loop.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"abc", "bc", "bcdef"}));
}

TEST(Stream, WritesWhatOneTurnSentInOnePiece) {
  Pair pair;
  pair.stream->start({[&](Octets octets) {
                        pair.stream->send("one ");
                        pair.stream->send("two");
                        EXPECT_EQ(pair.peer_receives(), "");
                        pair.loop.at_turn_end([&] { pair.loop.stop(); });
                        return octets.size();
                      },
                      [](int) {}});
  pair.peer_sends("x");
  pair.loop.run();
  EXPECT_EQ(pair.peer_receives(), "one two");
}

TEST(Stream, TellsOnceThatThePeerClosed) {
  Pair pair;
  int closed = 0;
  pair.stream->start({[](Octets octets) { return octets.size(); },
                      [&](int code) {
                        ++closed;
                        EXPECT_EQ(code, 0);
                      }});
  pair.peer.reset();
  pair.loop.run();
  EXPECT_EQ(closed, 1);
  EXPECT_FALSE(pair.stream->is_open());
}

TEST(Stream, CallsNobodyAfterClose) {
  Pair pair;
  pair.stream->start({[&](Octets octets) {
                        pair.stream->close();
                        return octets.size();
                      },
                      [](int) { ADD_FAILURE() << "closed() after close()"; }});
  pair.peer_sends("x");
  pair.loop.run();
}

TEST(Stream, HoldsBackWhileThePeerDoesNotReadAndSaysWhenItDrained) {
  Pair pair;
  bool drained = false;
  pair.stream->start({[](Octets octets) { return octets.size(); }, [](int) {},
                      [&] {
                        drained = true;
                        pair.loop.stop();
                      }});
  const std::string large(4 << 20, 'x');
  pair.stream->send(large);
  EXPECT_TRUE(pair.stream->congested());
  Timer reader(pair.loop, [] {});
  std::size_t received = 0;
  std::function<void()> read_some = [&] {
    std::string octets(1 << 20, '\0');
    const ssize_t n = ::recv(pair.peer.get(), octets.data(), octets.size(), MSG_DONTWAIT);
    if (n > 0) received += static_cast<std::size_t>(n);
    if (!drained) pair.loop.at_turn_end(read_some);
  };
  pair.loop.at_turn_end(read_some);
  pair.loop.run();
  EXPECT_TRUE(drained);
  EXPECT_FALSE(pair.stream->congested());
}

TEST(Stream, SaysNothingOfDrainingOnceItIsClosed) {
  Pair pair;
  bool drained = false;
  pair.stream->start({[](Octets octets) { return octets.size(); }, [](int) {}, [&] { drained = true; }});
  pair.stream->send(std::string(4 << 20, 'x'));
  pair.stream->close();
  pair.loop.run();
  EXPECT_FALSE(drained);
}

TEST(Stream, DeliversNothingWhilePaused) {
  Pair pair;
  int calls = 0;
  Timer resume(pair.loop, [&] { pair.stream->resume(); });
  pair.stream->start({[&](Octets octets) {
                        if (++calls == 1) {
                          pair.stream->pause();
                          resume.set_after(Duration{5});
                          return std::size_t{1};
                        }
                        EXPECT_FALSE(resume.armed());
                        pair.loop.stop();
                        return octets.size();
                      },
                      [](int) {}});
  pair.peer_sends("ab");
  pair.loop.run();
  EXPECT_EQ(calls, 2);
}

TEST(Stream, SendsWhatIsBufferedBeforeItCloses) {
  Pair pair;
  pair.stream->start({[](Octets octets) { return octets.size(); }, [](int) {}});
  pair.stream->send("last words");
  pair.stream->close_after_flush();
  pair.loop.run();
  EXPECT_EQ(pair.peer_receives(), "last words");
}

}  // namespace
}  // namespace sluice::net
