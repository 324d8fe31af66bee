// Control sockets: how commands ask daemons. A query is one JSON object with a member "what"; answers are JSON objects,
// one a frame. They are made one after the other as the asker takes them, so that a listing of a million messages costs
// neither side memory nor stops the daemon's own work; or they come as things happen (Feed).
//
// While a query is not yet answered whole, the daemon sends an answer of no octets every kSignOfLife, which ask() takes
// for a sign of life and passes to nobody: so an asker may wait for hours without taking a dead daemon for a busy one.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "core/link/messages.h"
#include "system/net/socket.h"
#include "system/os/fd.h"

namespace sluice::ipc {

// Answers that come later, as things happen: shared by who makes them and the connection, either of which may end
// first. Bounded: what a slow asker does not take is refused to who makes it, who never waits for anybody.
class Feed {
 public:
  static constexpr std::size_t kMost = 256u << 10;  // octets that wait; one answer may go beyond

  // A JSON text. False, and it is dropped: too much waits already, or nobody is there any more.
  bool add(std::string answer);
  // The same for one that must not be dropped, and is small.
  bool add_last(std::string answer);
  // After what was added: the end, with an error text or without.
  void end(std::string error = {});
  // Octets that the asker has not taken.
  std::size_t waiting() const { return octets_; }
  bool is_heard() const { return heard_; }
  // At the end of a turn, each at most once a turn: the asker has gone; there is less than half of kMost again after
  // there had been more.
  void on_gone(std::function<void()> gone) { gone_ = std::move(gone); }
  void on_room(std::function<void()> room) { room_ = std::move(room); }

 private:
  friend class ControlServer;
  std::deque<std::string> answers_;
  std::size_t octets_ = 0;
  bool ended_ = false, heard_ = true, pressed_ = false;
  std::string error_;
  std::function<void()> wake_, gone_, room_;
};

// The answers to one query: a function that gives the next (a JSON text), nullopt after the last, or no text at all
// when it wants to be asked again in the next turn, because its work so far was enough for one; or a Feed.
class Answers {
 public:
  using Next = std::function<std::optional<std::string>()>;
  template <class From>
  requires std::is_invocable_r_v<std::optional<std::string>, From&> Answers(From next)
      : next_(std::move(next)) {}                                  // NOLINT(google-explicit-constructor)
  Answers(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}  // NOLINT(google-explicit-constructor)

  std::optional<std::string> operator()() { return next_(); }
  // What `error` points to when the last was given ends them; empty: they are complete.
  Answers ending_with(std::shared_ptr<const std::string> error) && {
    error_ = std::move(error);
    return std::move(*this);
  }

 private:
  friend class ControlServer;
  Next next_;
  std::shared_ptr<const std::string> error_;
  std::shared_ptr<Feed> feed_;
};

// Who asks, as the kernel says (SO_PEERCRED).
enum class Asker : std::uint8_t {
  kOwner,       // root, or the daemon's own uid
  kSmtpServer,  // the user of sluice-smtpd, where the daemon has named it
  kAnybody,     // any other uid of this machine; these can hold half of the connections only
};

// The daemon's side, in its loop.
class ControlServer {
 public:
  // `handler` is called for each query; an error text ends the query with it.
  using Handler = std::function<Result<Answers, std::string>(const nlohmann::json& query, Asker asker)>;

  ControlServer(net::Loop& loop, os::Fd listener, link::Role role, Handler handler,
                std::optional<uid_t> smtp_server = std::nullopt);
  ~ControlServer();

  static constexpr Duration kSignOfLife{4'000};

 private:
  struct State;
  struct Connection;
  std::shared_ptr<State> state_;
};

// What a handler says to those whom it does not answer.
inline constexpr const char* kOwnerOnly = "only root and the daemon's own user may ask";

// Answers of one query that are known at once.
Answers answer_list(std::vector<std::string> answers);

// The command's side, for one that asks several daemons at once: poll descriptor() for reading, then call take().
class Asking {
 public:
  // Connects and asks; blocks for no longer than the daemon takes to accept. `patience`: of each take().
  //   errors  as ask()
  static Result<Asking, std::string> begin(const std::string& path, const nlohmann::json& query,
                                           Duration patience = Duration{20'000});

  // Of a process at the other end of `socket` that knows the query already; `name` is what errors call it. Patience
  // without end.
  static Asking of(os::Fd socket, std::string name) { return {std::move(name), std::move(socket)}; }

  int descriptor() const { return socket_.get(); }
  // Reads once, which blocks if nothing is there, and calls `each` with every answer that is whole. True: that was the
  // last. Gives up `patience` after the last sign of life, which a daemon gives every ControlServer::kSignOfLife
  // however long the answer takes.
  //   errors  as ask(); there is nothing to take any more
  Result<bool, std::string> take(const std::function<void(Octets json)>& each);

 private:
  friend Result<void, std::string> ask(const std::string&, const nlohmann::json&, const std::function<void(Octets)>&,
                                       Duration);
  Asking(std::string path, os::Fd socket) : path_(std::move(path)), socket_(std::move(socket)) {}
  std::string path_, input_;
  os::Fd socket_;
};

// The command's side: asks and calls `each` with every answer, blocking as Asking::take().
//   errors  a sentence: nobody listens at `path`, permission, the daemon's own refusal, malformed answer
Result<void, std::string> ask(const std::string& path, const nlohmann::json& query,
                              const std::function<void(Octets json)>& each, Duration patience = Duration{10'000});

}  // namespace sluice::ipc
