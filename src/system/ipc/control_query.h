// ControlQuery: one query at a control socket (control.h), asked by a daemon in its loop: nothing here waits.
// Destroying it ends the query; then nothing is called any more.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/bytes.h"
#include "base/result.h"
#include "core/link/messages.h"
#include "system/net/loop.h"

namespace sluice::ipc {

class ControlQuery {
 public:
  struct Callbacks {
    std::function<void(Octets json)> answer;  // each answer; the octets are valid during the call
    // Once, later than ask(): after the last answer with an empty text, or with a sentence: the daemon's own refusal,
    // or it went away, or gave no sign of life within `patience`. May destroy the query.
    std::function<void(const std::string& error)> ended;
  };
  //   errors  a sentence: nobody listens at `path`, or who listens is overrun
  static Result<std::unique_ptr<ControlQuery>, std::string> ask(net::Loop& loop, const std::string& path,
                                                                link::Role self, const nlohmann::json& query,
                                                                Duration patience, Callbacks callbacks);
  ~ControlQuery();

 private:
  struct State;
  explicit ControlQuery(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace sluice::ipc
