#include "core/monitor/message_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_cursor.h"

namespace sluice::monitor {

namespace {

void append_text(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// `name` with the comma before it and the colon behind.
void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += name;
  append_text(out, text);
}

template <class Number>
void append_member(std::string& out, std::string_view name, Number number) {
  out += name;
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

}  // namespace

void MessageWriter::begin(const Head& head) {
  append_member(out_, "{\"id\":", head.id);
  append_member(out_, ",\"queue\":", head.queue);
  append_member(out_, ",\"arrival\":", head.arrival);
  append_member(out_, ",\"size\":", head.size);
  append_member(out_, ",\"sender\":", head.sender);
  append_member(out_, ",\"accepted\":", head.accepted);
  if (head.precedence != 0) append_member(out_, ",\"class\":", head.precedence);
  if (head.eight_bit) out_ += ",\"eight_bit\":true";
  if (head.warned) out_ += ",\"warned\":true";
  if (head.held) append_member(out_, ",\"held\":", head.hold_reason);
  if (!head.lost.empty()) append_member(out_, ",\"lost\":", head.lost);
  out_ += ",\"recipients\":[";
  first_ = true;
}

void MessageWriter::recipient(const Recipient& recipient) {
  append_member(out_, std::exchange(first_, false) ? "{\"address\":" : ",{\"address\":", recipient.address);
  if (!recipient.channel.empty()) append_member(out_, ",\"channel\":", recipient.channel);
  append_member(out_, ",\"attempts\":", recipient.attempts);
  append_member(out_, ",\"state\":", recipient.state);
  if (!recipient.text.empty()) append_member(out_, ",\"text\":", recipient.text);
  if (!recipient.reason.empty()) append_member(out_, ",\"reason\":", recipient.reason);
  if (!recipient.lane.empty()) append_member(out_, ",\"lane\":", recipient.lane);
  if (recipient.next) append_member(out_, ",\"next\":", *recipient.next);
  for (std::size_t i = 0; i < recipient.holders.size(); ++i) {
    out_ += i == 0 ? ",\"held_by\":{" : ",";
    fmt::format_to(std::back_inserter(out_), "\"queue{}\":{}", recipient.holders[i].queue,
                   recipient.holders[i].attempts);
  }
  out_ += recipient.holders.empty() ? "}" : "}}";
}

void MessageWriter::end() { out_ += "]}"; }

namespace {

void read_recipient(JsonCursor& from, QueuedMessage::Recipient& recipient) {
  recipient.attempts = 0, recipient.next = 0;
  for (std::string* text : {&recipient.address, &recipient.state, &recipient.reason, &recipient.text}) text->clear();
  from.object([&](std::string_view key) {
    if (key == "address") return from.text(recipient.address);
    if (key == "state") return from.text(recipient.state);
    if (key == "reason") return from.text(recipient.reason);
    if (key == "text") return from.text(recipient.text);
    if (key == "next") return void(recipient.next = from.number());
    if (key == "attempts") return void(recipient.attempts = from.natural());
    from.skip();
  });
}

}  // namespace

bool QueuedMessage::read(Octets json) {
  constexpr std::int64_t kPrecedence = 1000;
  bool named = false;
  arrival = 0, size = accepted = 0, precedence = 0;
  eight_bit = warned = held = false;
  sender.clear(), hold_reason.clear(), lost.clear();
  count_ = 0;
  JsonCursor from(json);
  from.object([&](std::string_view key) {
    if (key == "id") return named = true, void(id = from.natural());
    if (key == "arrival") return void(arrival = from.number());
    if (key == "size") return void(size = from.natural());
    if (key == "sender") return from.text(sender);
    if (key == "accepted") return void(accepted = from.natural());
    if (key == "class")
      return void(precedence = static_cast<int>(std::clamp(from.number(), -kPrecedence, kPrecedence)));
    if (key == "eight_bit") return void(eight_bit = from.flag());
    if (key == "warned") return void(warned = from.flag());
    if (key == "lost") return from.text(lost);
    if (key == "held") return held = true, from.text(hold_reason);
    if (key != "recipients") return from.skip();
    from.array([&] {
      if (count_ == recipients_.size()) recipients_.emplace_back();
      read_recipient(from, recipients_[count_++]);
    });
  });
  return from.done() && named;
}

}  // namespace sluice::monitor
