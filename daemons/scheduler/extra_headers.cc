#include "extra_headers.h"

#include <algorithm>

namespace sluice::scheduler {

namespace {

constexpr std::size_t kAskedAtOnce = 16;
constexpr Duration kRest = std::chrono::minutes{1};

}  // namespace

ExtraHeaders::ExtraHeaders(net::Loop& loop, Ledger& ledger, Neighbour& intake,
                           std::function<void(queue::MessageId)> schedule,
                           std::function<void(const std::string&)> alert)
    : ledger_(ledger), intake_(intake), schedule_(std::move(schedule)), alert_(std::move(alert)), retry_(loop, [this] {
        ask();
      }) {}

void ExtraHeaders::begin(std::vector<Adoption::WithHeader> messages, std::string directory,
                         const store::Options& options) {
  directory_ = std::move(directory);
  options_ = options;
  for (Adoption::WithHeader& message : messages) waiting_.push_back(std::move(message));
  ask();
}

void ExtraHeaders::ask() {
  while (!waiting_.empty() && asked_.size() < kAskedAtOnce && intake_.is_there()) {
    Adoption::WithHeader message = std::move(waiting_.front());
    waiting_.pop_front();
    const auto known = ledger_.image().find(message.id);
    if (!known) continue;
    intake_.send(link::Relocate{message.id, known->body(), message.header});
    asked_.emplace(message.id, std::move(message));
  }
}

bool ExtraHeaders::relocated(const link::Relocated& answer) {
  const auto found = asked_.find(answer.id);
  if (found == asked_.end()) return false;
  Adoption::WithHeader message = std::move(found->second);
  asked_.erase(found);
  if (!answer.moved) {
    waiting_.push_back(std::move(message));
    retry_.set_after(kRest);
    return true;
  }
  ledger_.record(queue::Moved{answer.id, answer.body});
  if (moved_.empty()) ledger_.after_sync([this] { durable(); });
  moved_.push_back(std::move(message));
  ask();
  return true;
}

void ExtraHeaders::durable() {
  const auto moved = std::exchange(moved_, {});
  std::vector<store::PreprocessedPlace> places, left;
  for (const Adoption::WithHeader& message : moved) places.push_back(message.place);
  const auto removed = store::remove_preprocessed(*options_.disk, directory_, places, left, alert_);
  if (!removed) alert_(removed.error().what);
  for (const Adoption::WithHeader& message : moved) {
    if (!removed || std::find(left.begin(), left.end(), message.place) != left.end())
      alert_(fmt::format("msg {} waits for the next start: its files in info/ could not be removed", message.id.raw()));
    else
      schedule_(message.id);
  }
}

void ExtraHeaders::intake_replaced() {
  for (auto& [id, message] : std::exchange(asked_, {})) waiting_.push_back(message);
  ask();
}

}  // namespace sluice::scheduler
