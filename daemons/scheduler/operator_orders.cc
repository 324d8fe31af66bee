#include "operator_orders.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/select/selection.h"

namespace sluice::scheduler {

namespace {

using nlohmann::json;

constexpr std::size_t kOrdersATurn = 64;

class Order {
 public:
  Order(Send& send, std::string what, std::string reason, bool dry_run, select::Selector selector,
        std::shared_ptr<std::string> error)
      : send_(send),
        error_(std::move(error)),
        what_(std::move(what)),
        reason_(std::move(reason)),
        dry_run_(dry_run),
        selection_(std::make_shared<select::Selection>(std::move(selector), select::SortOrder::kNone, 0,
                                                       send.core().policy().factors)) {}

  std::optional<std::string> operator()() {
    if (!counted_) return count();
    if (dry_run_) return std::nullopt;
    if (++done_ % kOrdersATurn == 0) return "";
    if (const auto id = selection_->next()) {
      json deed{{"id", id->raw()}};
      if (const auto message = send_.image().find(*id); message && message->held())
        deed["was"] = std::string(message->hold_reason());
      if (!carry_out(*id)) deed["error"] = "it is gone already";
      return deed.dump(-1, ' ', false, json::error_handler_t::replace);
    }
    if (!send_.sync()) *error_ = "this is not on the disk yet, and forgotten if the machine or qmail-send stops now";
    return std::nullopt;
  }

 private:
  std::string count() {
    const auto concerns = [this](const queue::Image::MessageView& message) { return this->concerns(message); };
    if (selection_->look(send_.image(), send_.loop().wall(), concerns)) return "";
    counted_ = true;
    return fmt::format("{{\"selected\":{}}}", selection_->size());
  }

  // Those that it would change.
  bool concerns(const queue::Image::MessageView& message) const {
    if (what_ == "release") return message.held();
    if (what_ == "hold") return message.pending() > 0 && !(message.held() && message.hold_reason() == reason_);
    return true;
  }

  bool carry_out(queue::MessageId id) {
    if (what_ == "hold") return send_.hold(id, reason_);
    if (what_ == "release") return send_.release(id);
    return send_.remove(id, "an operator");
  }

  Send& send_;
  std::shared_ptr<std::string> error_;
  std::string what_, reason_;
  bool dry_run_;
  std::shared_ptr<select::Selection> selection_;
  std::uint64_t done_ = 0;
  bool counted_ = false;
};

}  // namespace

Result<ipc::Answers, std::string> operator_order(Send& send, const std::string& what, const json& query) {
  auto selector = select::selector_of(query.value("selector", json()));
  if (!selector) return fail(selector.error());
  const json reason = query.value("reason", json("")), dry_run = query.value("dry_run", json(false));
  if (!reason.is_string() || reason.get_ref<const std::string&>().size() > mail::kMaximumText)
    return fail(fmt::format("reason: a text of at most {} octets is expected", mail::kMaximumText));
  if (!dry_run.is_boolean()) return fail(std::string("dry_run: true or false is expected"));
  const auto error = std::make_shared<std::string>();
  return ipc::Answers(Order(send, what, reason.get<std::string>(), dry_run.get<bool>(), std::move(*selector), error))
      .ending_with(error);
}

}  // namespace sluice::scheduler
