// sluice queue retry: a queue run for the recipients that match, and for no others.
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <deque>
#include <nlohmann/json.hpp>

#include "core/select/queue_run.h"
#include "queue_command.h"
#include "system/ipc/control.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

struct Given {
  explicit Given(CLI::App& command) : selection(command, select::View::kNormal) {}
  SelectionOptions selection;
  bool all = false, dry_run = false, as_json = false, wait = false;
};

struct Figures {
  std::uint64_t selected = 0, delivered = 0, deferred = 0, failed = 0, skipped = 0;
  void add(const json& answer) {
    if (!answer.is_object()) return;
    const auto count = [&answer](const char* name) { return answer.value(name, std::uint64_t{0}); };
    selected += count("selected");
    delivered += count("delivered");
    deferred += count("deferred");
    failed += count("failed");
    skipped += count("skipped");
  }
};

select::QueueRun run_of(const select::Selector& selector, bool wait) {
  select::QueueRun run;
  run.id = fmt::format("{}.{}", getpid(), std::time(nullptr));
  run.by = fmt::format("sluice queue retry, uid {}, pid {}", getuid(), getpid());
  run.selector = selector;
  run.matching_only = true;
  run.wait = wait;
  return run;
}

// The runs of all queues are begun before any of them is waited for.
Figures run_all(Invocation& invocation, const std::vector<observe::Queue>& queues, const select::QueueRun& run) {
  json query = select::to_json(run);
  query["what"] = "run";
  Figures figures;
  std::deque<std::pair<const observe::Queue*, ipc::Asking>> begun;
  for (const observe::Queue& queue : queues) {
    auto asking = ipc::Asking::begin(queue.control, query);
    if (asking)
      begun.emplace_back(&queue, std::move(*asking));
    else
      say_refusal(invocation, queue, asking.error());
  }
  for (auto& [queue, asking] : begun) {
    for (bool ended = false; !ended;) {
      const auto taken = asking.take([&](Octets text) { figures.add(json::parse(text, nullptr, false)); });
      if (!taken) say_refusal(invocation, *queue, taken.error());
      ended = !taken || *taken;
    }
  }
  return figures;
}

// What a run would select; a listing says how many before it lists them, and is left there.
Figures count_all(Invocation& invocation, const std::vector<observe::Queue>& queues, const select::Selector& selector) {
  Figures figures;
  for (const observe::Queue& queue : queues) {
    auto asking = ipc::Asking::begin(queue.control, query_of("queue", selector));
    if (!asking) {
      say_refusal(invocation, queue, asking.error());
      continue;
    }
    for (bool counted = false; !counted;) {
      const auto taken = asking->take([&](Octets text) {
        const json answer = json::parse(text, nullptr, false);
        if (!counted) figures.add(answer);
        counted = true;
      });
      if (!taken) say_refusal(invocation, queue, taken.error());
      counted = counted || !taken || *taken;
    }
  }
  return figures;
}

void retry(Invocation& invocation, const Given& given) {
  const auto targets = targets_of(invocation, given.selection);
  if (!targets || refuses_nothing_said(invocation, *targets, given.all, "retry")) return;
  const select::Selector& selector = targets->selection.selector;
  const Figures figures = given.dry_run ? count_all(invocation, targets->queues, selector)
                                        : run_all(invocation, targets->queues, run_of(selector, given.wait));
  if (given.as_json) {
    json object = {{"selected", figures.selected}};
    if (given.wait && !given.dry_run)
      object.update({{"delivered", figures.delivered},
                     {"deferred", figures.deferred},
                     {"failed", figures.failed},
                     {"skipped", figures.skipped}});
    fmt::print("{}\n", object.dump());
  } else if (given.dry_run) {
    fmt::print("{} would be tried\n", messages_text(figures.selected));
  } else if (given.wait) {
    fmt::print("{} tried: recipients delivered {}, deferred {}, failed {}; messages skipped {}\n",
               messages_text(figures.selected), figures.delivered, figures.deferred, figures.failed, figures.skipped);
  } else {
    fmt::print("{} tried now\n", messages_text(figures.selected));
  }
}

}  // namespace

void add_queue_retry(CLI::App& queue, Invocation& invocation) {
  auto* command = queue.add_subcommand("retry", "Tries messages now, those recipients only that match");
  auto given = std::make_shared<Given>(*command);
  command->add_flag("--all", given->all, "Every message, if nothing else is said");
  command->add_flag("--dry-run", given->dry_run, "Only count what would be touched");
  command->add_flag("--wait", given->wait, "Wait until all of them were tried, and say what came of it");
  command->add_flag("--json", given->as_json, "Print one JSON object");
  command->callback([&invocation, given] { retry(invocation, *given); });
}

}  // namespace sluice::commands
