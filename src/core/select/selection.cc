#include "core/select/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/bytes.h"
#include "core/mail/envelope.h"

namespace sluice::select {

namespace {

// What a slice may cost, counted in messages and recipients that are looked at: about two milliseconds.
constexpr std::size_t kCostOfSlice = 4096;
constexpr std::size_t kMessagesAtOnce = 64;
static_assert(kCostOfSlice + kMessagesAtOnce <= 0xFFFF, "places in a slice are 16 bits wide");

std::uint64_t mixed(std::uint64_t x) {  // every bit of the result depends on every bit of x
  x ^= x >> 33;
  x *= 0xFF51AFD7ED558CCDULL;
  x ^= x >> 33;
  x *= 0xC4CEB9FE1A85EC53ULL;
  return x ^ x >> 33;
}

}  // namespace

std::int64_t priority_of(const queue::Image::MessageView& message, const schedule::PriorityFactors& factors) {
  return schedule::priority_number(message.body().length, message.precedence(), message.recipients(),
                                   message.attempts(), factors);
}

bool MessageTest::matches(const queue::Image::MessageView& message, WallTime now) {
  char id[24];
  const auto end = fmt::format_to_n(id, sizeof id, "{}", message.id().raw());
  recipients_.clear();
  if (matcher_.needs_recipients())
    message.each_recipient([&](const queue::Image::RecipientView& recipient) {
      if (!queue::is_done(recipient.status)) recipients_.push_back(recipient.address);
    });
  return matcher_.matches({.id = {id, end.size},
                           .sender = message.sender(),
                           .recipients = recipients_,
                           .reason = message.hold_reason(),
                           .held = message.held(),
                           .arrival = message.arrival()},
                          now);
}

Selection::Selection(Selector selector, SortOrder order, std::uint64_t most, schedule::PriorityFactors factors)
    : test_(std::move(selector)), order_(order), most_(most), factors_(factors) {}

bool Selection::look(const queue::Image& image, WallTime now, const Filter& filter) {
  if (looked_ == 0) seed_ = mixed(static_cast<std::uint64_t>(to_millis(now)));
  Slice slice;
  bool more = true;
  for (std::size_t cost = 0; more && cost < kCostOfSlice;) {
    const auto next = image.visit(after_, kMessagesAtOnce, [&](const queue::Image::MessageView& message) {
      ++looked_;
      cost += 1 + message.recipients();
      if (test_.matches(message, now) && filter(message)) add(slice, message);
    });
    more = next.has_value();
    if (next) after_ = *next;
  }
  if (!slice.empty()) {
    size_ += slice.size();
    sort(slice);
    slices_.push_back(std::move(slice));
  }
  if (!more) finish();
  return more;
}

void Selection::add(Slice& slice, const queue::Image::MessageView& message) {
  Candidate candidate;
  candidate.id = message.id();
  candidate.key = key_of(message);
  if (order_ == SortOrder::kHost || order_ == SortOrder::kShuffle) candidate.host = host_of(message);
  slice.push_back(candidate);
}

std::int64_t Selection::key_of(const queue::Image::MessageView& message) const {
  switch (order_) {
    case SortOrder::kPriority:
    case SortOrder::kHost:
    case SortOrder::kShuffle:
      return priority_of(message, factors_);
    case SortOrder::kTime:
      return to_millis(message.arrival());
    case SortOrder::kModification: {
      std::int64_t last = to_millis(message.arrival());
      for (std::uint32_t i = 0; i < message.recipients(); ++i) last = std::max(last, message.state(i).next_attempt);
      return last;
    }
    case SortOrder::kRandom:
      return static_cast<std::int64_t>(mixed(message.id().raw() ^ seed_) >> 1);
    case SortOrder::kFilename:
    case SortOrder::kNone:
      break;
  }
  return 0;  // the order of ids
}

// That of the first recipient who is not done.
std::uint32_t Selection::host_of(const queue::Image::MessageView& message) {
  std::string host;
  bool found = false;
  message.each_recipient([&](const queue::Image::RecipientView& recipient) {
    if (std::exchange(found, found || !queue::is_done(recipient.status)) || !found) return;
    host = ascii_lowered(mail::domain_of(recipient.address));
  });
  std::reverse(host.begin(), host.end());
  if (order_ == SortOrder::kShuffle) {
    const std::uint64_t place = mixed(std::hash<std::string>{}(host) ^ seed_);
    host = fmt::format("{:016x}{}", place, host);
  }
  const auto [known, fresh] = host_numbers_.try_emplace(host, static_cast<std::uint32_t>(hosts_.size()));
  if (fresh) hosts_.push_back(host);
  return known->second;
}

bool Selection::before(const Candidate& a, const Candidate& b) const {
  if (a.host != b.host) return hosts_[a.host] < hosts_[b.host];
  if (a.key != b.key) return a.key < b.key;
  return a.id < b.id;
}

void Selection::sort(Slice& slice) const {
  std::vector<std::uint16_t> order(slice.size());
  std::iota(order.begin(), order.end(), std::uint16_t{0});
  std::sort(order.begin(), order.end(), [&](std::uint16_t a, std::uint16_t b) { return before(slice[a], slice[b]); });
  for (std::size_t i = 0; i < order.size(); ++i) slice[i].rank = order[i];
  slice.shrink_to_fit();
}

void Selection::finish() {
  if (most_ != 0) size_ = std::min(size_, most_);
  host_numbers_ = {};
  for (std::uint32_t i = 0; i < slices_.size(); ++i) heap_.push_back({i, 0});
  std::make_heap(heap_.begin(), heap_.end(), [this](Cursor a, Cursor b) { return before(at(b), at(a)); });
}

const Selection::Candidate& Selection::at(Cursor cursor) const {
  const Slice& slice = slices_[cursor.slice];
  return slice[slice[cursor.place].rank];
}

std::optional<queue::MessageId> Selection::next() {
  if (heap_.empty() || taken_ >= size_) return std::nullopt;
  const auto later = [this](Cursor a, Cursor b) { return before(at(b), at(a)); };
  std::pop_heap(heap_.begin(), heap_.end(), later);
  Cursor& first = heap_.back();
  const queue::MessageId id = at(first).id;
  ++taken_;
  if (std::size_t{++first.place} < slices_[first.slice].size())
    std::push_heap(heap_.begin(), heap_.end(), later);
  else
    heap_.pop_back();
  return id;
}

// That in which it would be; slices_.size(): none.
std::size_t Selection::slice_of(queue::MessageId id) const {
  const auto slice =
      std::partition_point(slices_.begin(), slices_.end(), [id](const Slice& each) { return each.back().id < id; });
  return static_cast<std::size_t>(slice - slices_.begin());
}

template <class OneSlice>
auto Selection::find(OneSlice& slice, queue::MessageId id) -> decltype(&slice[0]) {
  const auto found =
      std::partition_point(slice.begin(), slice.end(), [id](const Candidate& each) { return each.id < id; });
  return found == slice.end() || found->id != id ? nullptr : &*found;
}

Selection::Mark Selection::mark_of(queue::MessageId id) const {
  const std::size_t slice = slice_of(id);
  const Candidate* const candidate = slice == slices_.size() ? nullptr : find(slices_[slice], id);
  return candidate == nullptr ? Mark::kNone : candidate->mark;
}

void Selection::set_mark(queue::MessageId id, Mark mark) {
  const std::size_t slice = slice_of(id);
  Candidate* const candidate = slice == slices_.size() ? nullptr : find(slices_[slice], id);
  if (candidate == nullptr || candidate->mark == mark) return;
  candidate->mark = mark;
  under_way_.resize(slices_.size());
  mark == Mark::kUnderWay ? ++under_way_[slice] : --under_way_[slice];
}

std::vector<queue::MessageId> Selection::under_way(queue::MessageId after, std::size_t most) const {
  std::vector<queue::MessageId> ids;
  for (std::size_t slice = slice_of(after); slice < under_way_.size(); ++slice) {
    if (under_way_[slice] == 0) continue;
    for (const Candidate& candidate : slices_[slice]) {
      if (candidate.id <= after || candidate.mark != Mark::kUnderWay) continue;
      ids.push_back(candidate.id);
      if (ids.size() >= most) return ids;
    }
  }
  return ids;
}

}  // namespace sluice::select
