#include "etrn_runs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/select/queue_run.h"

namespace sluice::smtp_server {

namespace {

using Kind = smtp::EtrnCommand::Kind;

nlohmann::json question_for(const smtp::EtrnCommand& command, const std::string& id, const std::string& whose) {
  select::QueueRun run;
  run.id = id;
  run.trigger = select::Trigger::kEtrn;
  run.by = fmt::format("ETRN {} {}", smtp::to_text(command), whose);
  if (command.kind == Kind::kHost)
    run.selector.tests.push_back({.field = select::Field::kRecipientHost, .text = command.name});
  if (command.kind == Kind::kBelow)
    run.selector.tests.push_back({.field = select::Field::kRecipientBelow, .text = command.name});
  auto question = select::to_json(run);
  question["what"] = "run";
  return question;
}

// The number of messages that a queue says it selected; what it says otherwise counts as none.
std::uint64_t selected_of(Octets json) {
  const auto answer = nlohmann::json::parse(json, nullptr, false);
  const auto selected = answer.is_object() ? answer.find("selected") : answer.end();
  return selected != answer.end() && selected->is_number_unsigned() ? selected->get<std::uint64_t>() : 0;
}

}  // namespace

EtrnRuns::EtrnRuns(net::Loop& loop, Log& log, Queues queues)
    : loop_(loop), log_(log), queues_(std::move(queues)), timer_(loop, [this] { proceed(); }) {}

smtp::Reply EtrnRuns::start(const smtp::EtrnCommand& command, const std::string& client) {
  const std::string name = smtp::to_text(command);
  if (command.kind == Kind::kGroup && !queues_.has_group(command.name)) {
    log_.info(fmt::format("{} ETRN {}: there is no such queue group", client, name));
    return smtp::etrn_unknown_group(command);
  }
  const EtrnTable::Verdict verdict = table_.ask(name, loop_.now());
  proceed();
  switch (verdict) {
    case EtrnTable::Verdict::kJoined:
      return smtp::etrn_started(command);
    case EtrnTable::Verdict::kWaits:
      log_.info(fmt::format("{} ETRN {}: waits for its turn", client, name));
      return smtp::etrn_started(command);
    case EtrnTable::Verdict::kFull:  // one line, and no more until there was room again
      if (!std::exchange(full_logged_, true))
        log_.warn(fmt::format("{} ETRN {}: too many names are asked for at once", client, name));
      return smtp::etrn_not_started(command);
    case EtrnTable::Verdict::kBegin:
      break;
  }
  full_logged_ = false;
  return begin(command, "from " + client) ? smtp::etrn_started(command) : smtp::etrn_not_started(command);
}

bool EtrnRuns::begin(const smtp::EtrnCommand& command, const std::string& whose) {
  const std::string name = smtp::to_text(command);
  Run& run = *(runs_[name] = std::make_unique<Run>());
  run.id = fmt::format("{}.{}", ::getpid(), ++last_);
  const nlohmann::json question = question_for(command, run.id, whose);
  for (const Queue& queue : queues_.of_group(command.kind == Kind::kGroup ? command.name : std::string()))
    ask(name, run, queue, question);
  if (run.open == 0) {
    log_.warn(fmt::format("ETRN {} {}: no queue can be asked; {}", name, whose, run.trouble));
    runs_.erase(name);
    table_.forget(name);
    return false;
  }
  log_.info(
      fmt::format("ETRN {} {}: run {} asked of {} queue{}", name, whose, run.id, run.open, run.open == 1 ? "" : "s"));
  return true;
}

void EtrnRuns::ask(const std::string& name, Run& run, const Queue& queue, const nlohmann::json& question) {
  auto query = ipc::ControlQuery::ask(
      loop_, queue.control, link::Role::kSmtpServer, question, kPatience,
      {.answer =
           [this, name](Octets json) {
             if (const auto found = runs_.find(name); found != runs_.end())
               found->second->selected += selected_of(json);
           },
       .ended = [this, name, whose = queue.name](const std::string& error) { answered(name, whose, error); }});
  if (query) {
    run.queries.push_back(std::move(*query));
    ++run.open;
  } else if (queue.expected) {
    run.trouble = query.error();
  }
}

void EtrnRuns::answered(const std::string& name, const std::string& queue, const std::string& error) {
  const auto found = runs_.find(name);
  if (found == runs_.end()) return;
  Run& run = *found->second;
  if (!error.empty()) run.trouble = fmt::format("{}: {}", queue, error);
  if (--run.open > 0) return;
  log_.info(fmt::format("ETRN {}: run {} selected {} message{}{}", name, run.id, run.selected,
                        run.selected == 1 ? "" : "s", run.trouble.empty() ? "" : "; " + run.trouble));
  const auto over = std::move(found->second);  // its last query is calling us
  runs_.erase(found);
  table_.ended(name, loop_.now());
  proceed();
}

// Begins what is due. A name that waited is somebody's who was answered already: what goes wrong now is logged only.
void EtrnRuns::proceed() {
  for (const std::string& name : table_.due(loop_.now()))
    if (const auto command = smtp::parse_etrn(name)) begin(*command, "as was asked meanwhile");
  const auto next = table_.next();
  if (next && (!timer_.armed() || timer_.when() != *next)) timer_.set(*next);
}

}  // namespace sluice::smtp_server
