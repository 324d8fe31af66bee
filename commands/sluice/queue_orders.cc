// sluice queue hold, release, delete: orders about the messages that are selected.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "queue_command.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

struct Order {
  const char* name;
  const char* help;
  const char* done;  // "2 messages held", "2 messages would be held"
  select::View view;
  bool takes_reason = false;  // then --reason is no test
};

constexpr Order kHold{"hold", "Stops messages: they stay, and nobody tries them until they are released", "held",
                      select::View::kNormal, true};
constexpr Order kRelease{"release", "Lets messages that are held go on", "released", select::View::kHeld};
constexpr Order kDelete{"delete", "Removes messages for good; nobody is told", "deleted", select::View::kAny};

// Of one order, as given.
struct Given {
  Given(CLI::App& command, const Order& order) : selection(command, order.view, order.takes_reason) {
    if (order.takes_reason) command.add_option("--reason", reason, "Why; listed with the message")->type_name("TEXT");
  }
  SelectionOptions selection;
  std::string reason;  // of holding
  bool all = false, dry_run = false, as_json = false;
};

void carry_out(Invocation& invocation, const Order& order, const Given& given) {
  const auto targets = targets_of(invocation, given.selection);
  if (!targets || refuses_nothing_said(invocation, *targets, given.all, order.name)) return;
  json query = query_of(order.name, targets->selection.selector);
  query["dry_run"] = given.dry_run;
  if (!given.reason.empty()) query["reason"] = given.reason;
  std::uint64_t selected = 0, touched = 0;
  for (const observe::Queue& queue : targets->queues) {
    ask_queue(invocation, queue, query, [&](Octets text) {
      const json answer = json::parse(text, nullptr, false);
      if (!answer.is_object()) return;
      selected += answer.value("selected", std::uint64_t{0});
      const json id = answer.value("id", json());
      if (!id.is_number_unsigned()) return;
      if (const json error = answer.value("error", json()); error.is_string())
        return invocation.fail(kExitNoInput, fmt::format("message {} is not {}: {}", id.get<std::uint64_t>(),
                                                         order.done, error.get<std::string>()));
      ++touched;
      if (given.as_json) fmt::print("{}\n", json{{"id", id}, {"queue", queue.name}}.dump());
    });
  }
  if (!given.as_json)
    fmt::print("{}{} {}\n", messages_text(given.dry_run ? selected : touched), given.dry_run ? " would be" : "",
               order.done);
}

void add(CLI::App& queue, Invocation& invocation, const Order& order) {
  auto* command = queue.add_subcommand(order.name, order.help);
  auto given = std::make_shared<Given>(*command, order);
  command->add_flag("--all", given->all, "Every message, if nothing else is said");
  command->add_flag("--dry-run", given->dry_run, "Only count what would be touched");
  command->add_flag("--json", given->as_json, "Print one JSON object a line for each message");
  command->callback([&invocation, &order, given] { carry_out(invocation, order, *given); });
}

}  // namespace

void add_queue_orders(CLI::App& queue, Invocation& invocation) {
  add(queue, invocation, kHold);
  add(queue, invocation, kRelease);
  add(queue, invocation, kDelete);
}

}  // namespace sluice::commands
