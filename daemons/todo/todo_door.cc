#include "todo_door.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/queue/envelope_codec.h"
#include "system/os/failure.h"

namespace sluice::todo {

namespace {

constexpr Duration kBetweenLooks{30'000};
// Asked for at once: enough that qmail-intake syncs for many, and what they need in memory is bounded.
constexpr std::size_t kAtOnce = 64;

void say(const char* level, const std::string& text) { os::say(level, "todo-proc", text); }

}  // namespace

TodoDoor::TodoDoor(net::Loop& loop, std::string queue_directory, Ask ask)
    : queue_directory_(std::move(queue_directory)), ask_(std::move(ask)), timer_(loop, [this] { look(); }) {
  auto trigger = Trigger::open(loop, queue_directory_, [this] { look(); });
  if (trigger)
    trigger_ = std::move(*trigger);
  else
    say("warn", trigger.error());
}

void TodoDoor::open() {
  open_ = true;
  timer_.set_after(Duration{0});
}

void TodoDoor::look() {
  if (!open_) return;
  timer_.set_after(kBetweenLooks);
  if (!found_.empty() || !asked_.empty()) {
    look_again_ = true;
    return;
  }
  look_again_ = false;
  auto found = store::list_todo(store::posix_disk(), queue_directory_);
  if (!found) return say("alert", found.error().what);
  found_ = std::move(*found);
  std::reverse(found_.begin(), found_.end());
  // What is not there any more may come again.
  std::erase_if(aside_,
                [this](const auto& each) { return !std::binary_search(found_.rbegin(), found_.rend(), each.first); });
  go_on();
}

void TodoDoor::go_on() {
  while (!found_.empty() && asked_.size() < kAtOnce) {
    const store::TodoPlace place = found_.back();
    found_.pop_back();
    ask_for(place);
  }
  if (found_.empty() && asked_.empty() && look_again_) timer_.set_after(Duration{0});
}

void TodoDoor::ask_for(const store::TodoPlace& place) {
  auto read = store::read_todo(store::posix_disk(), queue_directory_, place);
  if (!read) {
    const auto& failure = read.error();
    if (failure.gone) return;
    if (failure.malformed) return set_aside(place, failure.written, failure.what);
    return say("warn", failure.what);
  }
  const auto known = aside_.find(place);
  if (known != aside_.end() && known->second == read->written) return;
  const queue::TodoFile& content = read->content;
  if (!content.extra_header.empty())
    say("warn", fmt::format("{}: its extra header fields are left out", store::todo_path("", "todo", place).substr(1)));
  std::string envelope;
  queue::encode_envelope(envelope, content.envelope);
  asked_.emplace(place, read->written);
  ask_({place.number, place.part.value_or(link::Adopt::kNotSplit), read->written, content.uid, content.pid, envelope});
}

void TodoDoor::answered(const link::Adopted& answer) {
  store::TodoPlace place{answer.inode, std::nullopt};
  if (answer.part != link::Adopt::kNotSplit) place.part = answer.part;
  const auto asked = asked_.find(place);
  if (asked == asked_.end()) return;
  const WallTime written = asked->second;
  asked_.erase(asked);
  const std::string path = store::todo_path(queue_directory_, "todo", place);
  switch (answer.verdict) {
    case link::Adopted::Verdict::kTaken:
      break;
    case link::Adopted::Verdict::kNotNow:
      say("warn", fmt::format("{}: {}", path, answer.text));
      break;
    case link::Adopted::Verdict::kRefused:
      set_aside(place, written, fmt::format("{}: {}", path, answer.text));
      break;
  }
  go_on();
}

void TodoDoor::set_aside(const store::TodoPlace& place, WallTime written, const std::string& why) {
  const auto known = aside_.find(place);
  if (known != aside_.end() && known->second == written) return;
  aside_[place] = written;
  say("alert", why + "; the message stays there");
}

}  // namespace sluice::todo
