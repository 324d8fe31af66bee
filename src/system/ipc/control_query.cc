#include "system/ipc/control_query.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "system/ipc/link.h"
#include "system/net/socket.h"

namespace sluice::ipc {

struct ControlQuery::State : std::enable_shared_from_this<State> {
  State(net::Loop& in, Callbacks with, Duration most)
      : callbacks(std::move(with)), patience(most), timer(in, [this] {
          end(fmt::format("no answer within {} s", std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
        }) {
    timer.set_after(patience);
  }

  bool take(const link::Frame& frame) {
    const auto held = shared_from_this();  // a callback may let go of the query
    if (const auto answer = link::Answer::decode(frame.payload); answer && frame.type == link::FrameType::kAnswer) {
      timer.set_after(patience);
      if (callbacks.answer && !answer->json.empty()) callbacks.answer(answer->json);
      return true;
    }
    const auto last = link::AnswerEnd::decode(frame.payload);
    if (!last || frame.type != link::FrameType::kAnswerEnd) return false;
    end(std::string(last->error));
    return true;
  }

  void end(const std::string& error) {
    if (!callbacks.ended) return;
    const auto held = shared_from_this();
    const auto ended = std::exchange(callbacks.ended, nullptr);
    callbacks.answer = nullptr;
    timer.cancel();
    ended(error);
  }

  Callbacks callbacks;
  Duration patience;
  net::Timer timer;
  std::unique_ptr<Link> link;
};

Result<std::unique_ptr<ControlQuery>, std::string> ControlQuery::ask(net::Loop& loop, const std::string& path,
                                                                     link::Role self, const nlohmann::json& query,
                                                                     Duration patience, Callbacks callbacks) {
  auto socket = net::connect_path(path, /*wait=*/false);
  if (!socket) return fail(socket.error().what);
  auto state = std::make_shared<State>(loop, std::move(callbacks), patience);
  const std::weak_ptr<State> weak = state;
  state->link = std::make_unique<Link>(loop, std::move(*socket),
                                       link::Hello{.role = self, .pid = static_cast<std::uint32_t>(::getpid())},
                                       Link::Callbacks{nullptr,
                                                       [weak](const link::Frame& frame) {
                                                         const auto held = weak.lock();
                                                         return held && held->take(frame);
                                                       },
                                                       [weak](const std::string& why) {
                                                         if (const auto held = weak.lock()) held->end(why);
                                                       }});
  state->link->send(link::Query{query.dump()});
  return std::unique_ptr<ControlQuery>(new ControlQuery(std::move(state)));
}

// A callback of the query may be what destroys it: its link goes when that call is over.
ControlQuery::~ControlQuery() {
  state_->callbacks = {};
  state_->timer.cancel();
}

}  // namespace sluice::ipc
