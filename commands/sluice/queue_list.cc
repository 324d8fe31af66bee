// sluice queue list: the messages that are still here, with why and when next.
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/span_text.h"
#include "core/select/queue_run.h"
#include "queue_command.h"
#include "queue_merge.h"
#include "shown.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

struct Given {
  explicit Given(CLI::App& command) : selection(command, select::View::kAny) {}
  SelectionOptions selection;
  bool as_json = false;
  std::string order;
  std::uint64_t most = 0;
};

std::string size_text(std::uint64_t octets) {
  if (octets < 10'000) return std::to_string(octets);
  if (octets < 10'000'000) return fmt::format("{}k", octets / 1024);
  return fmt::format("{}M", octets / (1024 * 1024));
}

// The waiting recipients; those that are done only say so.
void append_recipient(std::string& out, const json& recipient, std::int64_t now) {
  const std::string state = recipient.value("state", "?");
  out += fmt::format("    {} {}", recipient.value("channel", "?"), shown(recipient.value("address", "?")));
  if (state == "delivered" || state == "failed") {
    out += fmt::format("  {}\n", state);
    return;
  }
  const std::string reason = recipient.value("reason", "new");
  out += fmt::format("  {}", reason);
  const json held_by = recipient.value("held_by", json::object());
  for (const auto& [queue, deliveries] : held_by.items()) out += fmt::format(", {} by {}", deliveries.dump(), queue);
  const std::int64_t next = recipient.value("next", now) - now;
  const bool waits_for_run = reason == "queue-run" || reason == "expensive";
  if (reason != "in-flight" && next > 0)
    out += fmt::format(", {} {}", waits_for_run ? "too young for one for another" : "next in", span_text(next));
  out += '\n';
  const std::string text = recipient.value("text", "");
  if (!text.empty()) out += fmt::format("      {}\n", shown(text));
}

void append_message(std::string& out, const json& message, std::int64_t now) {
  out += fmt::format("{:<18} {:>8} {:>7}  <{}>\n", message["id"].get<std::uint64_t>(),
                     span_text(now - message.value("arrival", now)), size_text(message.value("size", std::uint64_t{0})),
                     shown(message.value("sender", "")));
  if (const json held = message.value("held", json()); held.is_string())
    out += fmt::format("    held{}{}\n", held == "" ? "" : ": ", shown(held.get<std::string>()));
  for (const json& recipient : message["recipients"]) append_recipient(out, recipient, now);
}

// Standard output in large pieces.
class Printer {
 public:
  explicit Printer(bool as_json) : as_json_(as_json), now_(static_cast<std::int64_t>(std::time(nullptr))) {}
  void print(Octets text) {
    ++messages_;
    if (as_json_)
      out_.append(text).append("\n");
    else if (const json message = json::parse(text, nullptr, false); message.is_object())
      append_message(out_, message, now_);
    if (out_.size() > 60'000) flush();
  }
  void flush() {
    if (std::fwrite(out_.data(), 1, out_.size(), stdout) != out_.size())
      throw std::runtime_error("cannot write to standard output");  // main() ends with that, and nothing more is read
    out_.clear();
  }
  std::uint64_t messages() const { return messages_; }

 private:
  bool as_json_;
  std::int64_t now_;
  std::uint64_t messages_ = 0;
  std::string out_;
};

void list(Invocation& invocation, const Given& given) {
  const auto targets = targets_of(invocation, given.selection);
  if (!targets) return;
  const auto order = given.order.empty() ? std::nullopt : select::parse_sort_order(given.order);
  if (!given.order.empty() && !order)
    return invocation.fail(kExitUsage, fmt::format("Invalid queue sort order \"{}\"", given.order));
  json query = {{"what", "queue"}};
  if (targets->selection.narrows_view || !targets->selection.selector.selects_all() || order || given.most > 0)
    query["selector"] = select::to_json(targets->selection.selector);
  if (order) query["order"] = select::name_of(*order);
  if (given.most > 0) query["most"] = given.most;
  if (!given.as_json)
    fmt::print("{:<18} {:>8} {:>7}  {}\n", "ID", "AGE", "SIZE", "SENDER, RECIPIENTS, WHY AND WHEN NEXT");
  const settings::Settings& settings = targets->settings;
  const MergeOrder merge{order,
                         {.recipient = settings.queue_run_recipient_factor,
                          .precedence = settings.queue_run_class_factor,
                          .retry = settings.queue_run_retry_factor}};
  Printer printer(given.as_json);
  list_merged(invocation, targets->queues, query, merge, given.most, [&](Octets message) { printer.print(message); });
  printer.flush();
  if (!given.as_json && invocation.status == 0) fmt::print("{}\n", messages_text(printer.messages()));
}

std::shared_ptr<Given> add(CLI::App& command) {
  auto given = std::make_shared<Given>(command);
  command.add_flag("--json", given->as_json, "Print one JSON object a line for each message");
  command.add_option("--order", given->order, "priority, host, time, filename, modification, random or none");
  command.add_option("--most", given->most, "So many messages at most, the first in order")->type_name("N");
  return given;
}

}  // namespace

void add_queue_list(CLI::App& queue, Invocation& invocation) {
  auto* command = queue.add_subcommand("list", "Lists messages (so does `sluice queue` alone)");
  command->callback([&invocation, given = add(*command)] { list(invocation, *given); });
  queue.callback([&queue, &invocation, given = add(queue)] {
    if (queue.get_subcommands().empty()) list(invocation, *given);
  });
}

}  // namespace sluice::commands
