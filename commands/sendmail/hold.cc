// sendmail -Q: holds the messages that the -q options select, gives those that are held another reason (-Qreason -qQ),
// or releases them (-Q -qQ). Says what it did with -v only, as sendmail does.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "queues.h"
#include "system/ipc/control.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

constexpr const char* kNotTrusted = "Permission denied (real uid not trusted)";

// What becomes of the selected messages of one queue, and what is said of each.
class Hold {
 public:
  explicit Hold(const Work& work)
      : work_(work),
        reason_(*work.options.hold_reason),
        held_(work.options.queue.selector.view == select::View::kHeld) {}

  Result<void, std::string> in(const observe::Queue& queue) {
    json query = {{"what", reason_.empty() ? "release" : "hold"},
                  {"selector", select::to_json(work_.options.queue.selector)}};
    if (!reason_.empty()) query["reason"] = reason_;
    tell(fmt::format("Processing {}:", queue.directory));
    const std::uint64_t before = changes_;
    auto asked = ipc::ask(queue.control, query, [&](Octets text) {
      const json answer = json::parse(text, nullptr, false);
      if (!answer.is_object() || !answer.value("id", json()).is_number_unsigned()) return;
      ++changes_;
      const json was = answer.value("was", json(""));
      tell(fmt::format("{}: {}", answer["id"].get<std::uint64_t>(),
                       deed(was.is_string() ? was.get<std::string>() : std::string())));
    });
    if (asked && changes_ == before) tell(fmt::format("{}: no matches", queue.directory));
    return asked;
  }

  void sum_up() const {
    tell(changes_ == 0 ? "No changes" : fmt::format("{} change{}", changes_, changes_ == 1 ? "" : "s"));
  }

 private:
  std::string deed(const std::string& was) const {
    if (reason_.empty()) return fmt::format("Removed quarantine of \"{}\"", was);
    if (held_) return fmt::format("Quarantine changed from \"{}\" to \"{}\"", was, reason_);
    return fmt::format("Quarantined with \"{}\"", reason_);
  }
  void tell(std::string_view line) const {
    if (work_.options.verbose) fmt::print("{}\n", line);
  }

  const Work& work_;
  const std::string& reason_;
  const bool held_;
  std::uint64_t changes_ = 0;
};

}  // namespace

int hold(const Work& work) {
  const auto groups = queues_by_group(work);
  if (!groups) return complain(work.program, groups.error()), EX_USAGE;
  Hold hold(work);
  int status = EX_OK;
  for (const GroupQueues& each : *groups) {
    for (const observe::Queue& queue : each.queues) {
      const auto done = hold.in(queue);
      if (done) continue;
      if (done.error() == ipc::kOwnerOnly) return complain(work.program, Misuse{kNotTrusted, true}), EX_USAGE;
      status = work.fail(EX_UNAVAILABLE, fmt::format("{}: {}", queue.directory, done.error()));
    }
  }
  hold.sum_up();
  return status;
}

}  // namespace sluice::sendmail
