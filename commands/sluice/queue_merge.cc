#include "queue_merge.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/monitor/message_json.h"
#include "system/ipc/control.h"

namespace sluice::commands {

namespace {

using nlohmann::json;

bool is_message(Octets text) {
  const json answer = json::parse(text, nullptr, false);
  return answer.is_object() && answer.contains("id");
}

// As many as that of its recipients that was tried most often.
std::uint64_t attempts_of(const monitor::QueuedMessage& message) {
  std::uint64_t attempts = 0;
  for (const auto& recipient : message.recipients()) attempts = std::max(attempts, recipient.attempts);
  return attempts;
}

// The listing of one queue, a piece at a time.
class Listing {
 public:
  Listing(Invocation& invocation, const observe::Queue& queue, const json& query, const MergeOrder& order)
      : invocation_(invocation), queue_(queue), order_(order) {
    auto asking = ipc::Asking::begin(queue.control, query);
    if (asking)
      asking_ = std::move(*asking);
    else
      say_refusal(invocation_, queue_, asking.error());
  }

  // The message at the front, read from the queue if need be; null after the last.
  const std::string* front() {
    while (messages_.empty() && asking_) read();
    return messages_.empty() ? nullptr : &messages_.front().text;
  }
  std::int64_t place() const { return messages_.front().place; }
  void pop() { messages_.pop_front(); }

 private:
  struct Message {
    std::string text;
    std::int64_t place = 0;
  };

  void read() {
    const auto taken = asking_->take([this](Octets text) {
      // The first answer to a query with a selector is a count.
      if (!begun_ && !is_message(text)) return begun_ = true, void();
      begun_ = true;
      const auto place = order_.order ? place_in_order(text, *order_.order, order_.factors) : std::nullopt;
      messages_.push_back({std::string(text), place.value_or(std::numeric_limits<std::int64_t>::max())});
    });
    if (!taken) say_refusal(invocation_, queue_, taken.error());
    if (!taken || *taken) asking_.reset();
  }

  Invocation& invocation_;
  const observe::Queue& queue_;
  MergeOrder order_;
  std::optional<ipc::Asking> asking_;
  std::deque<Message> messages_;
  bool begun_ = false;
};

bool holds_over_all(const std::optional<select::SortOrder>& order) {
  return order == select::SortOrder::kPriority || order == select::SortOrder::kTime ||
         order == select::SortOrder::kFilename;
}

// One queue after the other; a queue is asked when those before it have ended.
void list_in_turn(Invocation& invocation, const std::vector<observe::Queue>& queues, const json& query,
                  std::uint64_t most, const std::function<void(Octets)>& each) {
  std::uint64_t passed = 0;
  for (const observe::Queue& queue : queues) {
    Listing listing(invocation, queue, query, {});
    while (const std::string* message = most == 0 || passed < most ? listing.front() : nullptr) {
      each(*message);
      listing.pop();
      ++passed;
    }
    if (most > 0 && passed == most) return;
  }
}

}  // namespace

std::optional<std::int64_t> place_in_order(Octets message, select::SortOrder order,
                                           const schedule::PriorityFactors& factors) {
  monitor::QueuedMessage read;
  if (!read.read(message)) return std::nullopt;
  if (order == select::SortOrder::kTime) return read.arrival;
  if (order == select::SortOrder::kFilename) return static_cast<std::int64_t>(read.id);
  if (order == select::SortOrder::kPriority)
    return schedule::priority_number(read.size, read.precedence, read.accepted, attempts_of(read), factors);
  return std::nullopt;
}

void list_merged(Invocation& invocation, const std::vector<observe::Queue>& queues, const json& query,
                 const MergeOrder& order, std::uint64_t most, const std::function<void(Octets message)>& each) {
  if (!holds_over_all(order.order)) return list_in_turn(invocation, queues, query, most, each);
  std::deque<Listing> listings;
  for (const observe::Queue& queue : queues) listings.emplace_back(invocation, queue, query, order);
  for (std::uint64_t passed = 0; most == 0 || passed < most; ++passed) {
    Listing* first = nullptr;
    for (Listing& listing : listings)
      if (listing.front() != nullptr && (first == nullptr || listing.place() < first->place())) first = &listing;
    if (first == nullptr) return;
    each(*first->front());
    first->pop();
  }
}

}  // namespace sluice::commands
