#include "run.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/mail/transcript.h"
#include "exit_status.h"
#include "remembered.h"
#include "send.h"

namespace sluice::scheduler {

namespace {

constexpr std::size_t kStartsAtOnce = 512;      // messages made due in one step
constexpr std::size_t kMostUntold = 128 << 10;  // octets that a watcher may be behind before the next message begins
constexpr std::size_t kMostReports = 512;       // that wait for qmail-intake before more mail is returned
constexpr std::size_t kMostPassedOver = 1000;   // lines about messages that a watched run does not select
constexpr Duration kClosingPatience{2'000}, kSweepAnyway{10'000};

using nlohmann::json;

std::string text_of(const json& object) { return object.dump(-1, ' ', false, json::error_handler_t::replace); }

select::QueueRun completed(select::QueueRun what) {
  what.one_by_one |= what.watch;
  if (what.one_by_one) what.width = 1;
  return what;
}

std::string_view name_of(Run::Stage stage) {
  switch (stage) {
    case Run::Stage::kWaiting:
      return "waiting";
    case Run::Stage::kSelecting:
      return "selecting";
    case Run::Stage::kStarting:
      return "running";
    case Run::Stage::kWriting:
      return "writing";
    case Run::Stage::kClosing:
      return "closing";
    case Run::Stage::kEnded:
      return "ended";
  }
  return "";
}

}  // namespace

Run::Run(Send& send, const Place& place, std::uint64_t number, select::QueueRun what, bool by_owner)
    : send_(send),
      place_(place),
      number_(number),
      what_(completed(std::move(what))),
      by_owner_(by_owner),
      selection_(what_.selector, what_.order, what_.most, send.core().policy().factors) {}

void Run::join(std::shared_ptr<ipc::Feed> feed, bool to_the_end) {
  listeners_.push_back({std::move(feed), to_the_end});
}

bool Run::equals(const select::QueueRun& other) const {
  select::QueueRun same = completed(other);
  same.id = what_.id;
  same.by = what_.by;
  same.trigger = what_.trigger;
  same.wait = what_.wait;
  return same == what_;
}

bool Run::is_followed() const {
  if (what_.width > 0) return true;
  return std::any_of(listeners_.begin(), listeners_.end(), [](const Listener& each) { return each.to_the_end; });
}

schedule::RunOptions Run::options() const {
  return {what_.selector.is_selective(), what_.trigger != select::Trigger::kPersistent, what_.min_age, what_.max_age};
}

void Run::begin() {
  stage_ = Stage::kSelecting;
  since_ = send_.loop().wall();
}

bool Run::step() {
  switch (stage_) {
    case Stage::kSelecting:
      if (!select_more()) selected();
      return true;
    case Stage::kStarting:
      return start_more();
    case Stage::kClosing:
      if (send_.loop().now() - closing_since_ >= kClosingPatience) end();
      return false;
    case Stage::kWaiting:
    case Stage::kWriting:
    case Stage::kEnded:
      break;
  }
  return false;
}

// Selecting -----------------------------------------------------------------------------------------------------------

bool Run::select_more() {
  return selection_.look(send_.image(), send_.loop().wall(),
                         [this](const queue::Image::MessageView& message) { return may_select(message); });
}

bool Run::may_select(const queue::Image::MessageView& message) {
  if (message.pending() == 0) return false;
  if (message.held()) return send_.core().knows(message.id());  // the selector asks for such
  const schedule::Prospect prospect = send_.core().prospect(message.id(), options(), send_.loop().now());
  switch (prospect.kind) {
    case schedule::Prospect::Kind::kEligible:
      return true;
    case schedule::Prospect::Kind::kElsewhere:  // what goes by itself is followed by whoever waits for the end
      if (what_.bounce || (is_followed() && send_.core().whereabouts(message.id()).waiting > 0)) return true;
      break;
    case schedule::Prospect::Kind::kYoung:
      if (what_.bounce) return true;
      pass_over(message.id(), prospect);
      return false;
    case schedule::Prospect::Kind::kLocked:
      pass_over(message.id(), prospect);
      return false;
    case schedule::Prospect::Kind::kHeld:
    case schedule::Prospect::Kind::kUnknown:
      break;
  }
  ++figures_.skipped;
  return false;
}

void Run::pass_over(queue::MessageId id, const schedule::Prospect& prospect) {
  ++figures_.skipped;
  if (!what_.watch || prospect.kind == schedule::Prospect::Kind::kUnknown) return;
  std::string line = fmt::format("{}: locked", id.raw());
  if (prospect.kind == schedule::Prospect::Kind::kYoung) {
    const auto seconds = std::chrono::ceil<Seconds>(prospect.young_for).count();
    line = fmt::format("{}: too young ({:02}:{:02}:{:02})", id.raw(), seconds / 3600, seconds / 60 % 60, seconds % 60);
  }
  if (stage_ != Stage::kSelecting) return tell(line);
  if (passed_over_.size() < kMostPassedOver)  // told when the answer to the request was
    passed_over_.push_back(std::move(line));
  else
    ++dropped_lines_;
}

void Run::selected() {
  stage_ = Stage::kStarting;
  answer(true);
  if (!what_.bounce || what_.count_only) answer(false);
  if (what_.count_only) return end();
  for (const std::string& line : std::exchange(passed_over_, {})) tell(line);
}

// How many were selected. Those who do not stay to the end take it for the word that all will be done.
void Run::answer(bool to_the_end) {
  const std::string answer = text_of({{"run", what_.id}, {"queue", place_.queue}, {"selected", selection_.size()}});
  for (const Listener& each : listeners_) {
    if (each.to_the_end != to_the_end) continue;
    each.feed->add(answer);
    if (!to_the_end) each.feed->end();
  }
  if (!to_the_end) std::erase_if(listeners_, [](const Listener& each) { return !each.to_the_end; });
}

// Starting ------------------------------------------------------------------------------------------------------------

bool Run::start_more() {
  const auto behind = [](const Listener& each) { return each.feed->waiting() > kMostUntold; };
  if (what_.watch && std::any_of(listeners_.begin(), listeners_.end(), behind)) return false;
  if (what_.bounce && send_.reports_under_way() >= kMostReports) return false;
  for (std::size_t n = 0; n < kStartsAtOnce && !all_begun_; ++n) {
    if (what_.width > 0 && under_way_ >= what_.width) break;
    const auto id = selection_.next();
    all_begun_ = !id;
    if (!id) break;
    if (const auto message = send_.image().find(*id); message && message->pending() > 0)
      start(*message);
    else
      ++figures_.skipped;
    if (what_.one_by_one) flush();
  }
  flush();
  end_if_done();
  return stage_ == Stage::kStarting && !all_begun_ && (what_.width == 0 || under_way_ < what_.width);
}

void Run::start(const queue::Image::MessageView& message) {
  const queue::MessageId id = message.id();
  schedule::Scheduler& core = send_.core();
  if (message.held()) core.release(id, send_.loop().now());  // until it is done with: who held it may still look at it
  const schedule::Prospect prospect = core.prospect(id, options(), send_.loop().now());
  using Kind = schedule::Prospect::Kind;
  if (prospect.kind == Kind::kLocked || prospect.kind == Kind::kUnknown ||
      (prospect.kind == Kind::kYoung && !what_.bounce)) {  // somebody else was faster since it was selected
    if (message.held()) core.hold(id, send_.loop().now());
    return pass_over(id, prospect);
  }
  ++begun_;
  if (what_.watch)
    tell(fmt::format("Running {}/{} (sequence {} of {})", place_.directory, id.raw(), what_.before + selection_.taken(),
                     std::max(what_.of_all, what_.before + selection_.size())));
  tried_.clear();
  if (is_followed() || message.held()) {
    selection_.set_mark(id, select::Selection::Mark::kUnderWay);
    ++under_way_;
  }
  due_.push_back(id);
  if (what_.matching_only) run_matching(message);
}

// Only the recipients that the selector names.
void Run::run_matching(const queue::Image::MessageView& message) {
  std::vector<std::uint32_t> recipients;
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (!queue::is_done(recipient.status) && selection_.matcher().matches_recipient(recipient.address))
      recipients.push_back(recipient.index);
  });
  due_.pop_back();
  const queue::MessageId id = message.id();
  send_.core().run_recipients(id, recipients, options(), send_.loop().now());
  send_.plan_later();
  look_at(id);
}

void Run::flush() {
  if (due_.empty()) return;
  if (what_.bounce)
    send_.give_up(due_);
  else
    send_.core().run(due_, options(), send_.loop().now());
  send_.plan_later();
  for (const queue::MessageId id : std::exchange(due_, {})) look_at(id);  // perhaps nothing of it goes
}

void Run::supersede() {
  if (stage_ == Stage::kStarting || stage_ == Stage::kSelecting) all_begun_ = true;
  if (stage_ == Stage::kSelecting) selected();
  end_if_done();
}

// What became of it ---------------------------------------------------------------------------------------------------

bool Run::has_under_way(queue::MessageId id) const {
  return under_way_ > 0 && selection_.mark_of(id) == select::Selection::Mark::kUnderWay;
}

void Run::settled(queue::MessageId id, std::uint32_t recipient, mail::Verdict verdict, const mail::Outcome& outcome) {
  if (!has_under_way(id)) return;
  if (what_.watch) tried_.push_back(recipient);
  switch (verdict) {
    case mail::Verdict::kDelivered:
      ++figures_.delivered;
      break;
    case mail::Verdict::kDeferred:
      ++figures_.deferred;
      break;
    case mail::Verdict::kFailed:
      ++figures_.failed;
      figures_.status = exit_status_of(outcome);
      break;
  }
}

void Run::look_at(queue::MessageId id) {
  if (!has_under_way(id) || send_.core().whereabouts(id).under_way()) return;
  done_with(id);
  end_if_done();
}

// Only when something in the core came to a standstill, and seldom enough to leave most of the time to deliveries.
bool Run::sweep(std::size_t& most) {
  if (stage_ == Stage::kClosing) step();
  const MonoTime now = send_.loop().now();
  if (stage_ != Stage::kStarting || under_way_ == 0 || most == 0) return sweeping_ && under_way_ > 0;
  if (!sweeping_) {
    const bool anyway = now - sweep_began_ >= kSweepAnyway;
    if ((stalls_ == send_.core().stalls() && !anyway) || now < next_sweep_) return false;
    sweeping_ = true;
    swept_ = {};
    stalls_ = send_.core().stalls();
    sweep_began_ = now;
  }
  const auto ids = selection_.under_way(swept_, most);
  sweeping_ = ids.size() == most;
  most -= ids.size();
  if (sweeping_)
    swept_ = ids.back();
  else
    next_sweep_ = now + 4 * (now - sweep_began_);
  for (const queue::MessageId id : ids) look_at(id);
  return sweeping_;
}

void Run::done_with(queue::MessageId id) {
  selection_.set_mark(id, select::Selection::Mark::kNone);
  --under_way_;
  const auto message = send_.image().find(id);
  if (!message) return;
  if (message->held()) send_.core().hold(id, send_.loop().now());
  if (what_.watch) tell_untried(*message);
}

// Those that no attempt was made for: their destination is not to be reached, as far as is known.
void Run::tell_untried(const queue::Image::MessageView& message) {
  std::sort(tried_.begin(), tried_.end());
  message.each_recipient([this](const queue::Image::RecipientView& recipient) {
    if (queue::is_done(recipient.status)) return;
    if (std::binary_search(tried_.begin(), tried_.end(), recipient.index)) return;
    if (what_.matching_only && !selection_.matcher().matches_recipient(recipient.address)) return;
    mail::Outcome outcome;
    outcome.text = recall(recipient.text).text;
    if (outcome.text.empty()) outcome.text = "not tried now";
    tell(mail::transcript::result(recipient.address, outcome));
  });
}

void Run::tell(std::string_view line) {
  for (const Listener& each : listeners_) {  // a watched run has one
    if (!each.to_the_end) continue;
    if (dropped_lines_ > 0 && each.feed->waiting() < kMostUntold) {
      const auto dropped = std::exchange(dropped_lines_, 0);
      each.feed->add(text_of({{"line", fmt::format("({} lines are left out here)", dropped)}}));
    }
    if (!each.feed->add(text_of({{"line", line}})) && each.feed->is_heard()) ++dropped_lines_;
  }
}

// The end -------------------------------------------------------------------------------------------------------------

void Run::listeners_changed() {
  const bool had = !listeners_.empty();
  std::erase_if(listeners_, [](const Listener& each) { return !each.feed->is_heard(); });
  if (what_.watch && had && listeners_.empty()) supersede();
  end_if_done();
}

void Run::end_if_done() {
  if (stage_ != Stage::kStarting || !all_begun_) return;
  if (under_way_ > 0 && (is_followed() || what_.selector.view != select::View::kNormal)) return;
  what_.bounce ? write() : close();
}

void Run::write() {
  stage_ = Stage::kWriting;
  send_.after_sync([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->answer(false);
    self->close();
  });
}

void Run::close() {
  if (!what_.watch || begun_ == 0 || listeners_.empty() || !send_.end_watch(number_)) return end();
  stage_ = Stage::kClosing;
  closing_since_ = send_.loop().now();
}

void Run::sessions_closed() {
  if (stage_ == Stage::kClosing) end();
}

void Run::end() {
  stage_ = Stage::kEnded;
  const std::string answer = text_of({{"ended", true},
                                      {"delivered", figures_.delivered},
                                      {"deferred", figures_.deferred},
                                      {"failed", figures_.failed},
                                      {"skipped", figures_.skipped},
                                      {"status", figures_.status}});
  for (const Listener& each : listeners_) {
    each.feed->add_last(answer);
    each.feed->end();
  }
  listeners_.clear();
  selection_.forget();
}

std::string Run::describe() const {
  json object = to_json(what_);
  object.erase("what");
  object["queue"] = place_.queue;
  object["stage"] = name_of(stage_);
  if (stage_ != Stage::kWaiting) object["since"] = to_seconds(since_);
  object["looked"] = selection_.looked();
  object["selected"] = selection_.size();
  object["begun"] = begun_;
  object["under_way"] = under_way_;
  object["delivered"] = figures_.delivered;
  object["deferred"] = figures_.deferred;
  object["failed"] = figures_.failed;
  object["skipped"] = figures_.skipped;
  return text_of(object);
}

}  // namespace sluice::scheduler
