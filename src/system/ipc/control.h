// Control sockets: how commands ask daemons. A query is one JSON object with a member "what"; answers are JSON objects,
// one a frame, made one after the other as the asker takes them, so that a listing of a million messages costs neither
// side memory nor stops the daemon's own work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "core/link/messages.h"
#include "system/net/socket.h"

namespace sluice::ipc {

// Gives the next answer (a JSON text), or nullopt after the last.
using Answers = std::function<std::optional<std::string>()>;

// Who asks, as the kernel says (SO_PEERCRED).
enum class Asker : std::uint8_t {
  kOwner,    // root, or the daemon's own uid
  kAnybody,  // any other uid of this machine; these can hold half of the connections only
};

// The daemon's side, in its loop.
class ControlServer {
 public:
  // `handler` is called for each query; an error text ends the query with it.
  using Handler = std::function<Result<Answers, std::string>(const nlohmann::json& query, Asker asker)>;

  ControlServer(net::Loop& loop, os::Fd listener, link::Role role, Handler handler);
  ~ControlServer();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// What a handler says to those whom it does not answer.
inline constexpr const char* kOwnerOnly = "only root and the daemon's own user may ask";

// Answers of one query that are known at once.
Answers answer_list(std::vector<std::string> answers);

// The command's side: asks and calls `each` with every answer, blocking; gives up `patience` after the last sign of
// life.
//   errors  a sentence: nobody listens at `path`, permission, the daemon's own refusal, malformed answer
Result<void, std::string> ask(const std::string& path, const nlohmann::json& query,
                              const std::function<void(Octets json)>& each, Duration patience = Duration{10'000});

}  // namespace sluice::ipc
