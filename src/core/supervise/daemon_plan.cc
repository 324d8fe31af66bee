#include "core/supervise/daemon_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/select/queue_run.h"
#include "core/supervise/run_timers.h"

namespace sluice::supervise {

namespace {

using nlohmann::json;

// Takes the members of an object of known names and types; remembers the first that is wrong.
class Reader {
 public:
  explicit Reader(const json& object) : object_(object) {}

  void take(const char* name, bool& value) {
    if (const json* found = find(name, &json::is_boolean)) value = found->get<bool>();
  }
  void take(const char* name, std::string& value) {
    if (const json* found = find(name, &json::is_string)) value = found->get<std::string>();
  }
  void take(const char* name, int& value) {
    if (const json* found = find(name, &json::is_number_integer)) value = found->get<int>();
  }
  void take(const char* name, std::optional<std::string>& value) {
    if (const json* found = find(name, &json::is_string)) value = found->get<std::string>();
  }
  void take(const char* name, std::optional<Duration>& value) {
    if (const json* found = find(name, &json::is_number_unsigned)) value = Duration{found->get<std::int64_t>()};
  }
  void take(const char* name, std::vector<std::string>& value) {
    const json* found = find(name, &json::is_array);
    if (found == nullptr) return;
    for (const json& one : *found)
      if (one.is_string())
        value.push_back(one.get<std::string>());
      else
        wrong_ = name;
  }
  void take(const char* name, select::Selector& value) {
    const json* found = find(name, &json::is_object);
    if (found == nullptr) return;
    if (auto selector = select::selector_of(*found))
      value = std::move(*selector);
    else
      wrong_ = name;
  }
  const std::string& wrong() const { return wrong_; }

 private:
  const json* find(const char* name, bool (json::*is_right)() const noexcept) {
    const auto found = object_.find(name);
    if (found == object_.end()) return nullptr;
    if (((*found).*is_right)()) return &*found;
    wrong_ = name;
    return nullptr;
  }

  const json& object_;
  std::string wrong_;
};

}  // namespace

std::string encode(const DaemonPlan& plan) {
  json object{{"listen", plan.listen},         {"persistent", plan.persistent},
              {"restarts", plan.restarts},     {"retry_by_runs", plan.retry_by_runs},
              {"background", plan.background}, {"selector", select::to_json(plan.selector)},
              {"report", plan.report},         {"log", plan.log},
              {"pid_file", plan.pid_file},     {"command", plan.command},
              {"directory", plan.directory}};
  if (plan.interval) object["interval"] = static_cast<std::uint64_t>(plan.interval->count());
  if (plan.group) object["group"] = *plan.group;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<DaemonPlan, std::string> decode_daemon_plan(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return fail(std::string("the plan of the daemon is not a JSON object"));
  DaemonPlan plan;
  Reader reader(object);
  reader.take("listen", plan.listen);
  reader.take("persistent", plan.persistent);
  reader.take("restarts", plan.restarts);
  reader.take("retry_by_runs", plan.retry_by_runs);
  reader.take("background", plan.background);
  reader.take("interval", plan.interval);
  reader.take("selector", plan.selector);
  reader.take("group", plan.group);
  reader.take("report", plan.report);
  reader.take("log", plan.log);
  reader.take("pid_file", plan.pid_file);
  reader.take("command", plan.command);
  reader.take("directory", plan.directory);
  if (!reader.wrong().empty()) return fail(fmt::format("the plan of the daemon: {} is wrong", reader.wrong()));
  return plan;
}

std::string title_of(const DaemonPlan& plan, std::string_view queue_directory) {
  if (plan.listen) return "accepting connections";
  if (plan.persistent) return "Queue control";
  return fmt::format("Queue runner@{} for {}", interval_text(plan.interval.value_or(Duration{0})), queue_directory);
}

std::string purpose_of(const DaemonPlan& plan) {
  std::string text = plan.listen ? "SMTP" : "";
  if (!plan.persistent && !plan.runs_by_timer()) return text;
  if (!text.empty()) text += '+';
  const Duration shown = plan.interval && *plan.interval > Duration{0} ? *plan.interval : sleep_after_run({}, false);
  return text + fmt::format("{}queueing@{}", plan.persistent ? "persistent-" : "", interval_text(shown));
}

}  // namespace sluice::supervise
