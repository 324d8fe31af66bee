#include "todo_door.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/queue/envelope_codec.h"
#include "system/os/failure.h"

namespace sluice::todo {

namespace {

constexpr Duration kBetweenLooks{25'000};
// Asked for at once: enough that qmail-intake syncs for many, and what they need in memory is bounded. Messages that
// were only found by looking have room of their own, so that a stream of others does not keep them waiting.
constexpr std::size_t kAtOnce = 64, kFoundAtOnce = 64;
constexpr int kKnocksATurn = 256;

void say(const char* level, const std::string& text) { os::say(level, "todo-proc", text); }

}  // namespace

TodoDoor::TodoDoor(net::Loop& loop, Mode mode, Place place, Ask ask)
    : mode_(mode), place_(std::move(place)), ask_(std::move(ask)), timer_(loop, [this] { look(); }) {
  if (mode_ != Mode::kStatic) knocks_.emplace(loop, place_.message_queue, [this] { go_on(); });
  if (mode_ == Mode::kDynamic) return;
  auto trigger = Trigger::open(loop, place_.directory, [this] { look(); });
  if (trigger)
    trigger_ = std::move(*trigger);
  else
    say("warn", trigger.error());
}

void TodoDoor::open() {
  open_ = true;
  timer_.set_after(Duration{0});
}

bool TodoDoor::close_if_empty() {
  if (!found_.empty() || !asked_.empty()) return false;
  const auto found = store::list_todo(store::posix_disk(), place_.directory);
  if (!found || !found->empty()) {
    timer_.set_after(Duration{0});
    return false;
  }
  open_ = false;
  return true;
}

void TodoDoor::look() {
  if (!open_) return;
  timer_.set_after(kBetweenLooks);
  if (knocks_) knocks_->reopen();
  if (!found_.empty() || asked_by_look_ > 0) {
    look_again_ = true;
    return;
  }
  look_again_ = false;
  auto found = store::list_todo(store::posix_disk(), place_.directory);
  if (!found) return say("alert", found.error().what);
  found_ = std::move(*found);
  std::reverse(found_.begin(), found_.end());
  // What is not there any more may come again.
  std::erase_if(aside_,
                [this](const auto& each) { return !std::binary_search(found_.rbegin(), found_.rend(), each.first); });
  go_on();
}

void TodoDoor::go_on() {
  if (!open_) return;
  if (knocks_) take_knocks();
  while (!found_.empty() && asked_by_look_ < kFoundAtOnce) {
    const store::TodoPlace place = found_.back();
    found_.pop_back();
    ask_for(place, true);
  }
  if (!found_.empty() || asked_by_look_ > 0) return;
  say_mode();
  if (look_again_) timer_.set_after(Duration{0});
}

// What there is no room for stays in the message queue until there is. A message of which nothing is there was taken
// already, or its sender has made it up: none of our business.
void TodoDoor::take_knocks() {
  for (int i = 0; asked_.size() - asked_by_look_ < kAtOnce; ++i) {
    if (i == kKnocksATurn) return knocks_->wait();
    const auto knock = knocks_->next();
    if (!knock) return;
    const auto named = static_cast<std::uint32_t>(knock->split);
    for (const store::TodoPlace& place : store::likely_places(knock->inode, named, place_.split))
      if (ask_for(place, false)) break;
  }
}

bool TodoDoor::ask_for(const store::TodoPlace& place, bool by_look) {
  if (asked_.contains(place)) return true;
  auto read = store::read_todo(store::posix_disk(), place_.directory, place);
  if (!read) {
    const auto& failure = read.error();
    if (failure.malformed) set_aside(place, failure.written, failure.what);
    if (!failure.malformed && !failure.gone) say("warn", failure.what);
    return !failure.gone;
  }
  const auto known = aside_.find(place);
  if (known != aside_.end() && known->second == read->written) return true;
  const queue::TodoFile& content = read->content;
  std::string envelope;
  queue::encode_envelope(envelope, content.envelope);
  asked_.emplace(place, Asked{read->written, by_look});
  if (by_look) ++asked_by_look_;
  ask_({place.number, place.part.value_or(link::Adopt::kNotSplit), read->written, content.uid, content.pid,
        content.extra_header, envelope});
  return true;
}

void TodoDoor::answered(const link::Adopted& answer) {
  store::TodoPlace place{answer.inode, std::nullopt};
  if (answer.part != link::Adopt::kNotSplit) place.part = answer.part;
  const auto asked = asked_.find(place);
  if (asked == asked_.end()) return;
  const WallTime written = asked->second.written;
  if (asked->second.by_look) --asked_by_look_;
  asked_.erase(asked);
  const std::string path = store::todo_path(place_.directory, "todo", place);
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

// Once, when what stood there at the start has been taken.
void TodoDoor::say_mode() {
  if (mode_ == Mode::kStatic || std::exchange(mode_said_, true)) return;
  const std::string name = place_.directory.substr(place_.directory.find_last_of('/') + 1);
  say("info", fmt::format("{}: Resetting to {} mode", name, mode_ == Mode::kDynamic ? "mqueue" : "compat"));
}

void TodoDoor::set_aside(const store::TodoPlace& place, WallTime written, const std::string& why) {
  const auto known = aside_.find(place);
  if (known != aside_.end() && known->second == written) return;
  aside_[place] = written;
  say("alert", why + "; the message stays there");
}

}  // namespace sluice::todo
