// sendmail -bp, mailq: asks the scheduler of each queue what it holds.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/queue/layout.h"
#include "listing.h"
#include "system/ipc/control.h"
#include "system/os/clock.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

using nlohmann::json;

// A message as qmail-send describes it; nothing if this is no description.
std::optional<ListedMessage> message_in(Octets text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object() || !object.contains("id") || !object["id"].is_number_unsigned()) return std::nullopt;
  ListedMessage message;
  message.id = fmt::format_int(object["id"].get<std::uint64_t>()).str();
  message.size = object.value("size", std::uint64_t{0});
  message.arrival = object.value("arrival", std::int64_t{0});
  message.sender = object.value("sender", "");
  bool in_flight = false, due = false;
  for (const json& recipient : object.value("recipients", json::array())) {
    const std::string state = recipient.value("state", "");
    if (state == "delivered" || state == "failed") continue;
    const std::string reason = recipient.value("reason", "");
    in_flight |= reason == "in-flight";
    due |= reason != "retry-time" && reason != "lane-backoff";
    message.attempts = std::max(message.attempts, recipient.value("attempts", std::uint64_t{0}));
    message.recipients.push_back({recipient.value("address", ""), recipient.value("text", "")});
  }
  message.state = in_flight ? ListedMessage::State::kInFlight
                  : due     ? ListedMessage::State::kWaiting
                            : ListedMessage::State::kNotDue;
  return message;
}

// A queue may hold millions, and their number stands before them: the lines wait in a file.
class Lines {
 public:
  explicit Lines(bool verbose) : verbose_(verbose) {}

  void add(const ListedMessage& message) {
    const auto offset = std::chrono::minutes(os::utc_offset_minutes(wall_from_millis(message.arrival * 1000)));
    std::string text;
    append_message(text, message, verbose_, offset);
    if (file_) std::fwrite(text.data(), 1, text.size(), file_.get());
    ++count_;
  }
  std::size_t count() const { return count_; }

  bool copy_to(std::FILE* out) {
    if (!file_ || std::fflush(file_.get()) != 0 || std::ferror(file_.get()) != 0) return false;
    std::rewind(file_.get());
    std::array<char, 65536> piece;
    while (const std::size_t length = std::fread(piece.data(), 1, piece.size(), file_.get()))
      if (std::fwrite(piece.data(), 1, length, out) != length) return false;
    return std::ferror(file_.get()) == 0;
  }

 private:
  bool verbose_;
  std::size_t count_ = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{std::tmpfile(), std::fclose};
};

// The status, and how many messages were listed.
std::pair<int, std::size_t> list_one(const Work& work, const std::string& name) {
  const std::string directory = work.settings.queue_base + '/' + name;
  Lines lines(work.options.verbose);
  const auto asked =
      ipc::ask(queue::control_socket(work.settings.run_dir, name), {{"what", "queue"}}, [&](Octets text) {
        const auto message = message_in(text);
        if (message && !message->recipients.empty()) lines.add(*message);
      });
  if (!asked) return {work.fail(EX_UNAVAILABLE, fmt::format("{} cannot be listed: {}", directory, asked.error())), 0};
  std::fputs(heading(directory, lines.count()).c_str(), stdout);
  if (lines.count() == 0) return {EX_OK, 0};
  std::fputs(title(work.options.verbose).data(), stdout);
  if (lines.copy_to(stdout)) return {EX_OK, lines.count()};
  return {work.fail(EX_IOERR, fmt::format("the list of {} cannot be written", directory)), lines.count()};
}

}  // namespace

int list_queue(const Work& work) {
  int status = EX_OK;
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < work.settings.queue_count; ++i) {
    const auto [one, messages] = list_one(work, fmt::format("queue{}", work.settings.queue_start + i));
    if (one != EX_OK) status = one;
    total += messages;
  }
  fmt::print("\t\tTotal requests: {}\n", total);
  if (std::fflush(stdout) != 0) return work.fail(EX_IOERR, "cannot write to standard output");
  return status;
}

}  // namespace sluice::sendmail
