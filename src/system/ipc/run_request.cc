#include "system/ipc/run_request.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/queue/layout.h"
#include "system/ipc/link.h"
#include "system/net/socket.h"

namespace sluice::ipc {

namespace {

constexpr std::string_view kPrefix = "queue";

std::optional<unsigned> number_in(std::string_view name) {
  if (name.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0) return std::nullopt;
  return number;
}

bool nobody_is_there(int code) { return code == ENOENT || code == ECONNREFUSED; }

}  // namespace

std::vector<QueueSocket> queue_sockets(const std::string& run_directory) {
  std::vector<QueueSocket> sockets;
  std::error_code error;
  const std::string directory = std::filesystem::path(queue::control_socket(run_directory, "queue1")).parent_path();
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (const auto number = number_in(entry->path().filename().string()))
      sockets.push_back({*number, entry->path().string()});
  std::sort(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return sockets;
}

struct RunRequest::State : std::enable_shared_from_this<State> {
  struct Asked {
    std::string path;
    std::unique_ptr<net::Connecting> connecting;
    std::unique_ptr<Link> link;
    bool answered = false, over = false;
  };

  State(net::Loop& in, std::string text, std::function<void(const Outcome&)> then)
      : loop(in), query(std::move(text)), done(std::move(then)), timer(in, [this] { give_up(); }) {}

  void ask(const std::string& path, Duration patience) {
    auto& one = asked.emplace_back(std::make_unique<Asked>());
    one->path = path;
    const auto endpoint = net::Endpoint::path(path);
    if (!endpoint) return settle(*one, endpoint.error().what);
    one->connecting = net::connect_to(loop, *endpoint, patience, [this, at = one.get()](os::Fd socket, int code) {
      if (socket) return speak(*at, std::move(socket));
      settle(*at, nobody_is_there(code) ? "" : fmt::format("cannot connect to {}: {}", at->path, std::strerror(code)));
    });
  }

  void speak(Asked& one, os::Fd socket) {
    one.link = std::make_unique<Link>(
        loop, std::move(socket), link::Hello{.pid = static_cast<std::uint32_t>(::getpid())},
        Link::Callbacks{nullptr, [this, &one](const link::Frame& frame) { return take(one, frame); },
                        [this, &one](const std::string& why) { settle(one, fmt::format("{}: {}", one.path, why)); }});
    one.link->send(link::Query{query});
  }

  bool take(Asked& one, const link::Frame& frame) {
    if (frame.type == link::FrameType::kAnswer) {
      const auto answer = link::Answer::decode(frame.payload);
      if (answer && answer->json.empty()) return true;  // a sign of life
      const auto json = answer ? nlohmann::json::parse(answer->json, nullptr, false) : nlohmann::json();
      const auto selected = json.is_object() ? json.find("selected") : json.end();
      if (!json.is_object() || selected == json.end() || !selected->is_number_unsigned()) return false;
      if (!std::exchange(one.answered, true)) outcome.selected += selected->get<std::uint64_t>(), ++outcome.answered;
      return true;
    }
    const auto end = link::AnswerEnd::decode(frame.payload);
    if (frame.type != link::FrameType::kAnswerEnd || !end) return false;
    if (one.answered && end->error.empty())
      settle(one, "");
    else
      settle(one, fmt::format("{}: {}", one.path, end->error.empty() ? "no answer to a run" : end->error));
    return true;
  }

  void settle(Asked& one, const std::string& trouble) {
    if (std::exchange(one.over, true)) return;
    if (!trouble.empty()) outcome.troubles.push_back(trouble);
    look();
  }

  // At the end of the turn: whoever settles may stand in a callback of the link that ends here.
  void look() {
    if (!begun || !done || std::any_of(asked.begin(), asked.end(), [](const auto& one) { return !one->over; })) return;
    loop.at_turn_end([self = weak_from_this()] {
      if (const auto state = self.lock()) state->end();
    });
  }

  void end() {
    timer.cancel();
    asked.clear();
    if (const auto call = std::exchange(done, nullptr)) call(outcome);
  }

  void give_up() {
    for (const auto& one : asked) settle(*one, one->path + " does not answer");
  }

  net::Loop& loop;
  const std::string query;
  std::function<void(const Outcome&)> done;
  net::Timer timer;
  Outcome outcome;
  std::vector<std::unique_ptr<Asked>> asked;
  bool begun = false;
};

RunRequest::RunRequest(net::Loop& loop, const std::vector<std::string>& sockets, const select::QueueRun& run,
                       Duration patience, std::function<void(const Outcome&)> done) {
  auto query = select::to_json(run);
  query["what"] = "run";
  state_ = std::make_shared<State>(loop, query.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                                   std::move(done));
  state_->timer.set_after(patience);
  for (const std::string& path : sockets) state_->ask(path, patience);
  state_->begun = true;
  state_->look();
}

RunRequest::~RunRequest() {
  state_->done = nullptr;
  state_->timer.cancel();
  state_->asked.clear();
}

}  // namespace sluice::ipc
