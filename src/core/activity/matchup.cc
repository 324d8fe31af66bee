#include "core/activity/matchup.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/bytes.h"
#include "core/activity/stamp.h"

namespace sluice::activity {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

// A key is "QUEUE NUMBER"; neither part holds a blank.
std::string_view queue_of(std::string_view key) { return key.substr(0, key.find(' ')); }
std::string_view number_of(std::string_view key) { return key.substr(key.find(' ') + 1); }
std::string_view without_suffix(std::string_view number) { return number.substr(0, number.find('.')); }
std::string_view blank_before(std::string_view queue) { return queue.empty() ? "" : " "; }

// The entries of a map, oldest first.
template <class Map>
std::vector<typename Map::const_iterator> in_order(const Map& map) {
  std::vector<typename Map::const_iterator> entries;
  entries.reserve(map.size());
  for (auto each = map.begin(); each != map.end(); ++each) entries.push_back(each);
  std::sort(entries.begin(), entries.end(), [](auto a, auto b) { return a->second.order < b->second.order; });
  return entries;
}

}  // namespace

const std::string& Matchup::key(std::string_view queue, std::string_view number) {
  key_.assign(queue).append(" ").append(number);
  return key_;
}

void Matchup::take(std::string_view line, std::string& out) {
  const std::size_t blank = line.find(' ');
  auto stamp = decimal_stamp(line.substr(0, blank));
  const auto unknown = [&] { fmt::format_to(std::back_inserter(out), "? {}\n", line); };
  if (!stamp || blank == line.npos) return unknown();
  stamp_ = *std::move(stamp);
  std::visit(Overloaded{[&](const Unknown&) { unknown(); },
                        [&](const Alert&) { fmt::format_to(std::back_inserter(out), "{}\n", line); },
                        [&](const Silent&) {}, [&](const MessageEnd& end) { note(end, out); },
                        [&](const DeliveryEnd& end) { note(end, out); }, [&](const auto& other) { note(other); }},
             parse_activity_line(line.substr(blank + 1)));
}

void Matchup::note(const MessageInfo& info) {
  Message& message = messages_[key(info.queue, info.id)];
  message = {++order_,
             stamp_,
             std::string(info.bytes),
             ascii_lowered(info.sender),
             std::string(info.pid),
             std::string(info.uid)};
}

// The number is used again: the end of whoever had it before is not in the log.
void Matchup::note(const MessageNew& fresh) { messages_.erase(key(fresh.queue, fresh.id)); }

void Matchup::note(const MessageEnd& end, std::string& out) {
  const auto found = messages_.find(key(end.queue, end.id));
  if (found == messages_.end()) return;
  const Message& message = found->second;
  fmt::format_to(std::back_inserter(out), "m {} {} {} {} {} {} {} {} {}\n", message.birth, stamp_, message.bytes,
                 message.delivered, message.failed, message.deferred, message.sender, message.pid, message.uid);
  messages_.erase(found);
}

void Matchup::note(const DeliveryStart& start) {
  std::string message = key(start.queue, start.id);
  deliveries_[key(start.queue, start.number)] = {++order_, stamp_, std::move(message), std::string(start.channel),
                                                 ascii_lowered(start.recipient)};
}

// A report that cannot be read is logged with the bare number, which may belong to any of a queue's schedulers.
Matchup::ByKey<Matchup::Delivery>::iterator Matchup::find(const DeliveryEnd& end) {
  const auto exact = deliveries_.find(key(end.queue, end.number));
  if (exact != deliveries_.end() || !end.mangled) return exact;
  return std::find_if(deliveries_.begin(), deliveries_.end(), [&](const auto& each) {
    return queue_of(each.first) == end.queue && without_suffix(number_of(each.first)) == end.number;
  });
}

void Matchup::note(const DeliveryEnd& end, std::string& out) {
  const auto found = find(end);
  if (found == deliveries_.end()) return;
  const Delivery& delivery = found->second;
  const auto to = [&](std::string_view birth, std::string_view bytes, std::string_view sender, std::string_view pid,
                      std::string_view uid) {
    fmt::format_to(std::back_inserter(out), "d {} {} {} {} {} {} {}.{} {} {} {}\n", static_cast<char>(end.result),
                   birth, delivery.start, stamp_, bytes, sender, delivery.channel, delivery.recipient, pid, uid,
                   end.reason);
  };
  const auto message = messages_.find(delivery.message);
  if (message == messages_.end()) {
    to(delivery.start, "0", "?", "?", "?");
  } else {
    Message& of = message->second;
    to(of.birth, of.bytes, of.sender, of.pid, of.uid);
    ++(end.result == DeliveryResult::kSuccess    ? of.delivered
       : end.result == DeliveryResult::kDeferral ? of.deferred
                                                 : of.failed);
  }
  deliveries_.erase(found);
}

void Matchup::note(const Counts& counts) {
  const auto found = messages_.find(key(counts.queue, counts.id));
  if (found == messages_.end()) return;
  found->second.delivered = counts.delivered;
  found->second.failed = counts.failed;
  found->second.deferred = counts.deferred;
}

void Matchup::note(const QueueStopped& stopped) {
  if (stopped.queue.empty()) return deliveries_.clear();
  boost::unordered::erase_if(deliveries_, [&](const auto& each) { return queue_of(each.first) == stopped.queue; });
}

void Matchup::append_pending(std::string& out) const {
  const auto to = std::back_inserter(out);
  for (const auto each : in_order(messages_)) {
    const auto& [name, message] = *each;
    const auto queue = queue_of(name), number = number_of(name);
    fmt::format_to(to, "{} info msg {}: bytes {} from {} qp {} uid {}{}{}\n", message.birth, number, message.bytes,
                   message.sender, message.pid, message.uid, blank_before(queue), queue);
    if (message.delivered + message.deferred + message.failed > 0)
      fmt::format_to(to, "{} extra {} {} {} {}{}{}\n", message.birth, number, message.delivered, message.deferred,
                     message.failed, blank_before(queue), queue);
  }
  for (const auto each : in_order(deliveries_)) {
    const auto& [name, delivery] = *each;
    const auto queue = queue_of(name);
    fmt::format_to(to, "{} starting delivery {}: msg {} to {} {}{}{}\n", delivery.start, number_of(name),
                   number_of(delivery.message), delivery.channel, delivery.recipient, blank_before(queue), queue);
  }
}

}  // namespace sluice::activity
