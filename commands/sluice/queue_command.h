// What the commands below `sluice queue` share: the queues that they are about, asked one after the other. A queue that
// does not answer is named on standard error and stops none of the others.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "command.h"
#include "queue_selection.h"

namespace sluice::commands {

inline constexpr int kExitNoInput = 66;      // there is no such message
inline constexpr int kExitUnavailable = 69;  // a queue, or the supervisor, does not answer
inline constexpr int kExitNoPermission = 77;

struct QueueTargets {
  std::vector<observe::Queue> queues;
  Selection selection{};
  settings::Settings settings{};
};

// Nothing, with the error said: the settings are wrong (78), or the options (64).
std::optional<QueueTargets> targets_of(Invocation& invocation, const SelectionOptions& options);
// An order that names no messages, nor --all: that is said (64), and the answer is true.
bool refuses_nothing_said(Invocation& invocation, const QueueTargets& targets, bool all, const char* order);
// All queues of the instance.
std::optional<std::vector<observe::Queue>> all_queues(Invocation& invocation);

// {"what": WHAT, "selector": ...}
nlohmann::json query_of(const char* what, const select::Selector& selector);

// Asks one queue and hands on its answers. A refusal is said, unless nobody serves the queue because it was given up
// when it was empty. True: it has answered to the end.
bool ask_queue(Invocation& invocation, const observe::Queue& queue, const nlohmann::json& query,
               const std::function<void(Octets text)>& each);
void say_refusal(Invocation& invocation, const observe::Queue& queue, const std::string& error);

// "1 message", "2 messages"
std::string messages_text(std::uint64_t count);

// The commands, each in a file of its own.
void add_queue_list(CLI::App& queue, Invocation& invocation);
void add_queue_explain(CLI::App& queue, Invocation& invocation);
void add_queue_orders(CLI::App& queue, Invocation& invocation);  // hold, release, delete
void add_queue_retry(CLI::App& queue, Invocation& invocation);
void add_queue_pause(CLI::App& queue, Invocation& invocation);  // pause, resume

}  // namespace sluice::commands
