#include "first_try.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/bytes.h"
#include "core/queue/layout.h"
#include "core/select/queue_run.h"
#include "system/ipc/control.h"
#include "system/ipc/offered_queues.h"
#include "system/os/clock.h"

namespace sluice::sendmail {

namespace {

// For as long qmail-send leaves an interactive message to the run of its submitter (scheduler/lanes_of.h).
constexpr Duration kAdmission = mail::kInteractiveWait;
constexpr Duration kShortestPause{2}, kLongestPause{100};

struct Outcome {
  bool selected = false;  // the run found the message, so that this is what became of it
  int status = EX_OK;
};

// A run shows for each message an empty line and "Running ..."; here there is only one.
void show(std::string_view line) {
  if (line.empty() || line.starts_with("Running ")) return;
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void take(Octets text, bool verbose, Outcome& outcome) {
  const auto answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object()) return;
  if (const auto selected = answer.find("selected"); selected != answer.end() && selected->is_number_unsigned())
    outcome.selected = selected->get<std::uint64_t>() > 0;
  if (const auto line = answer.find("line"); verbose && line != answer.end() && line->is_string())
    show(line->get_ref<const std::string&>());
  if (const auto status = answer.find("status"); status != answer.end() && status->is_number_integer())
    outcome.status = status->get<int>();
}

nlohmann::json question_for(const Work& work, queue::MessageId id) {
  select::QueueRun run;
  run.id = fmt::format("{}.{}", ::getpid(), id.raw());
  run.by = fmt::format("sendmail {}, uid {}", work.options.verbose ? "-v" : "-odi", ::getuid());
  run.selector.tests.push_back({.field = select::Field::kId, .text = fmt::format_int(id.raw()).str()});
  run.watch = work.options.verbose;
  run.wait = true;
  auto question = select::to_json(run);
  question["what"] = "run";
  return question;
}

}  // namespace

mail::DeliveryMode delivery_mode(const Work& work) {
  if (work.options.verbose) return mail::DeliveryMode::kInteractive;
  return mail::delivery_mode_of(work.settings.delivery_mode).value_or(mail::DeliveryMode::kBackground);
}

int try_now(const Work& work, queue::MessageId id) {
  const std::string path = queue::control_socket(work.settings.run_dir, ipc::queue_name(queue::queue_number_of(id)));
  const nlohmann::json question = question_for(work, id);
  const MonoTime limit = os::mono_now() + kAdmission;
  // The message is durable, but may not have come to qmail-send yet.
  for (Duration pause = kShortestPause;; pause = std::min(2 * pause, kLongestPause)) {
    Outcome outcome;
    const auto asked = ipc::ask(path, question, [&](Octets answer) { take(answer, work.options.verbose, outcome); });
    if (outcome.selected) return outcome.status;
    if (!asked || os::mono_now() >= limit) return EX_OK;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace sluice::sendmail
