#include "listing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "listed_message.h"
#include "send.h"
#include "system/observe/lost.h"

namespace sluice::scheduler {

namespace {

using nlohmann::json;

constexpr std::size_t kLooksATurn = 2048;  // messages
const std::string kNotYet;

std::string count_of(std::uint64_t messages) { return fmt::format("{{\"selected\":{}}}", messages); }

// All messages.
class Everything {
 public:
  Everything(Send& send, std::string queue) : send_(send), queue_(std::move(queue)) {}

  std::optional<std::string> operator()() {
    std::optional<std::string> answer;
    while (!answer && !ended_) {
      const auto next = send_.image().visit(after_, 1, [&](const queue::Image::MessageView& message) {
        answer = listed_message(send_, queue_, message);
      });
      ended_ = !next;
      if (next) after_ = *next;
    }
    return answer;
  }

 private:
  Send& send_;
  std::string queue_;
  queue::MessageId after_;
  bool ended_ = false;
};

// Those that are selected, in order of ids: counted first, then looked for once more, so that nothing is kept.
class Walk {
 public:
  Walk(Send& send, std::string queue, select::Selector selector, std::uint64_t most)
      : send_(send), queue_(std::move(queue)), test_(std::move(selector)), most_(most) {}

  std::optional<std::string> operator()() {
    if (!counted_) return count();
    if (most_ != 0 && listed_ >= most_) return std::nullopt;
    std::optional<std::string> answer;
    for (std::size_t looks = 0; !answer && !ended_; ++looks) {
      if (looks == kLooksATurn) return kNotYet;
      look(1, [&](const queue::Image::MessageView& message) { answer = listed_message(send_, queue_, message); });
    }
    listed_ += answer ? 1 : 0;
    return answer;
  }

 private:
  template <class Each>
  void look(std::size_t messages, const Each& each) {
    const auto next = send_.image().visit(after_, messages, [&](const queue::Image::MessageView& message) {
      if (test_.matches(message, send_.loop().wall())) each(message);
    });
    ended_ = !next;
    if (next) after_ = *next;
  }

  std::string count() {
    look(kLooksATurn, [this](const queue::Image::MessageView&) { ++selected_; });
    if (!ended_) return kNotYet;
    counted_ = true;
    ended_ = false;
    after_ = {};
    return count_of(most_ == 0 ? selected_ : std::min(selected_, most_));
  }

  Send& send_;
  std::string queue_;
  select::MessageTest test_;
  const std::uint64_t most_;
  std::uint64_t selected_ = 0, listed_ = 0;
  queue::MessageId after_;
  bool counted_ = false, ended_ = false;
};

// Those that are selected, in an order.
class InOrder {
 public:
  InOrder(Send& send, std::string queue, select::Selection selection, std::shared_ptr<std::size_t> under_way)
      : send_(send),
        queue_(std::move(queue)),
        selection_(std::make_shared<select::Selection>(std::move(selection))),
        turn_(new int, [under_way](const int* token) {
          delete token;
          --*under_way;
        }) {
    ++*under_way;
  }

  std::optional<std::string> operator()() {
    if (!counted_) {
      const auto every = [](const queue::Image::MessageView&) { return true; };
      if (selection_->look(send_.image(), send_.loop().wall(), every)) return kNotYet;
      counted_ = true;
      return count_of(selection_->size());
    }
    while (const auto id = selection_->next())
      if (const auto message = send_.image().find(*id)) return listed_message(send_, queue_, *message);
    return std::nullopt;
  }

 private:
  Send& send_;
  std::string queue_;
  std::shared_ptr<select::Selection> selection_;
  std::shared_ptr<int> turn_;  // counted in under_way until the last copy goes
  bool counted_ = false;
};

}  // namespace

Result<ipc::Answers, std::string> Listings::ask(const json& query, bool by_owner) {
  if (!query.contains("selector") && !query.contains("order") && !query.contains("most"))
    return ipc::Answers(Everything(send_, queue_));
  select::Selector everything;
  everything.view = select::View::kAny;
  auto selector = query.contains("selector") ? select::selector_of(query["selector"])
                                             : Result<select::Selector, std::string>(std::move(everything));
  if (!selector) return fail(selector.error());
  if (selector->view == select::View::kLost)
    return ipc::answer_list(observe::lost_in(directory_, queue_, std::move(*selector), send_.loop().wall()));
  const json order = query.value("order", json("none"));
  const auto parsed = order.is_string() ? select::parse_sort_order(order.get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) return fail(std::string("order: no such sort order"));
  const json most_given = query.value("most", json(0u));
  if (!most_given.is_number_unsigned()) return fail(std::string("most: a whole number is expected"));
  const auto most = most_given.get<std::uint64_t>();
  const bool by_id = *parsed == select::SortOrder::kNone || *parsed == select::SortOrder::kFilename;
  if (by_id || *in_order_ >= (by_owner ? kMostInOrder : kMostInOrderOfStrangers))
    return ipc::Answers(Walk(send_, queue_, std::move(*selector), most));
  return ipc::Answers(InOrder(
      send_, queue_, select::Selection(std::move(*selector), *parsed, most, send_.core().policy().factors), in_order_));
}

}  // namespace sluice::scheduler
