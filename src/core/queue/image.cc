#include "core/queue/image.h"

#include <algorithm>

#include "core/queue/image_entry.h"

namespace sluice::queue {

std::size_t Image::EntryHash::operator()(const Entry* entry) const { return std::hash<MessageId>{}(entry->id); }
std::size_t Image::EntryHash::operator()(MessageId id) const { return std::hash<MessageId>{}(id); }
bool Image::EntryEqual::operator()(const Entry* a, MessageId b) const { return a->id == b; }
bool Image::EntryEqual::operator()(MessageId a, const Entry* b) const { return a == b->id; }

Image::Image() = default;
Image::~Image() {
  for (Entry* entry : entries_) Entry::destroy(entry);
}

Image::Entry* Image::entry_of(MessageId id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : *found;
}

bool Image::apply(Octets octets) {
  const auto record = decode_state(octets);
  if (record) apply(*record);
  return record.has_value();
}

void Image::apply(const StateRecord& record) {
  std::visit([this](const auto& each) { apply(each); }, record);
}

void Image::apply(const AdmittedView& record) {
  watermark_ = std::max(watermark_, record.next);
  if (entry_of(record.id)) return;
  entries_.insert(Entry::make(record));
  remember_order(record.id);
  space_.hold(record.body);
}

void Image::apply(const Deferred& record) {
  Entry* const entry = entry_of(record.id);
  if (!entry) return;
  for (const std::uint32_t recipient : record.recipients) {
    if (recipient >= entry->recipients || is_done(entry->states()[recipient].status)) continue;
    RecipientState& state = entry->states()[recipient];
    state.status = RecipientStatus::kDeferred;
    state.attempts = record.attempts;
    state.next_attempt = to_millis(record.next_attempt);
    set_text(state, record.text);
  }
}

void Image::apply(const Settled& record) {
  Entry* const entry = entry_of(record.id);
  if (!entry || record.recipient >= entry->recipients) return;
  RecipientState& state = entry->states()[record.recipient];
  if (is_done(state.status)) return;
  state.status = record.verdict == mail::Verdict::kDelivered ? RecipientStatus::kDelivered : RecipientStatus::kFailed;
  state.reached = record.reached;
  state.next_attempt = 0;
  set_text(state, record.text);
}

void Image::apply(const Bounced& record) {
  Entry* const entry = entry_of(record.id);
  if (!entry) return;
  entry->bounced = 1;
  bounces_[record.id] = record.bounce;
}

void Image::apply(const Warned& record) {
  if (Entry* const entry = entry_of(record.id)) entry->warned = 1;
}

void Image::apply(const Held& record) {
  Entry* const entry = entry_of(record.id);
  if (!entry) return;
  forget_hold_reason(*entry);
  entry->held = record.on ? 1 : 0;
  if (!record.on || record.reason.empty()) return;
  hold_reasons_[record.id] = texts_.acquire(record.reason);
  entry->has_hold_reason = 1;
}

void Image::apply(const GivenUp& record) {
  if (Entry* const entry = entry_of(record.id)) entry->given_up = 1;
}

void Image::forget_hold_reason(Entry& entry) {
  if (!entry.has_hold_reason) return;
  const auto reason = hold_reasons_.find(entry.id);
  texts_.release(reason->second);
  hold_reasons_.erase(reason);
  entry.has_hold_reason = 0;
}

void Image::apply(const Moved& record) {
  Entry* const entry = entry_of(record.id);
  if (!entry || entry->body() == record.body) return;
  space_.release(entry->body());
  entry->set_body(record.body);
  space_.hold(record.body);
}

void Image::apply(const Finished& record) {
  const auto found = entries_.find(record.id);
  if (found == entries_.end()) return;
  Entry* const entry = *found;
  entries_.erase(found);
  space_.release(entry->body());
  for (std::uint32_t i = 0; i < entry->recipients; ++i) texts_.release(entry->states()[i].text);
  if (entry->bounced) bounces_.erase(entry->id);
  forget_hold_reason(*entry);
  Entry::destroy(entry);
  forget_order();
}

void Image::apply(const Seen& record) { watermark_ = std::max(watermark_, record.next); }
void Image::apply(const Segment& record) { space_.remember(record.segment); }
void Image::apply(const Removed& record) { space_.removed(record.segment); }

void Image::set_text(RecipientState& state, Octets text) {
  const TextTable::Ref ref = texts_.acquire(text);  // before release: it may be the same text
  texts_.release(state.text);
  state.text = ref;
}

// Ids ascend as messages are admitted, so this is an append except when a queue of another origin is adopted.
void Image::remember_order(MessageId id) {
  if (order_.empty() || order_.back() < id) {
    order_.push_back(id);
    return;
  }
  const auto place = std::lower_bound(order_.begin(), order_.end(), id);
  if (place == order_.end() || *place != id) order_.insert(place, id);
}

// Messages finish mostly in the order of their ids: those at the front go at once, the others when they are the half.
void Image::forget_order() {
  constexpr std::size_t kWorthSweeping = 1024;
  while (!order_.empty() && !entry_of(order_.front())) order_.pop_front();
  if (order_.size() > 2 * entries_.size() + kWorthSweeping) {
    std::erase_if(order_, [this](MessageId id) { return !entry_of(id); });
  }
}

std::optional<Image::MessageView> Image::find(MessageId id) const {
  const Entry* const entry = entry_of(id);
  if (!entry) return std::nullopt;
  return view_of(*entry);
}

std::optional<MessageId> Image::visit(MessageId after, std::size_t limit,
                                      const std::function<void(const MessageView&)>& visit_one) const {
  for (auto at = std::upper_bound(order_.begin(), order_.end(), after); at != order_.end(); ++at) {
    if (limit == 0) return after;
    after = *at;
    if (const Entry* const entry = entry_of(*at)) {
      visit_one(view_of(*entry));
      --limit;
    }
  }
  return std::nullopt;
}

namespace {

class Emitter {
 public:
  explicit Emitter(const std::function<void(Octets)>& emit) : emit_(emit) {}
  template <class Record>
  void operator()(const Record& record) {
    octets_.clear();
    encode_state(octets_, record);
    emit_(octets_);
  }

 private:
  const std::function<void(Octets)>& emit_;
  std::string octets_;
};

}  // namespace

void Image::encode_snapshot(MessageId id, const std::function<void(Octets)>& emit) const {
  const Entry* const entry = entry_of(id);
  if (!entry) return;
  Emitter out(emit);
  std::string channels;
  for (std::uint32_t i = 0; i < entry->recipients; ++i) {
    channels.push_back(static_cast<char>(entry->states()[i].channel));
  }
  out(AdmittedView{id, Lsn{}, entry->arrival, entry->uid, entry->pid, entry->body(), channels, entry->envelope()});
  for (std::uint32_t i = 0; i < entry->recipients; ++i) {
    const RecipientState& state = entry->states()[i];
    const Octets text = texts_.text(state.text);
    if (state.attempts != 0 || state.status == RecipientStatus::kDeferred) {
      const bool waits = state.status == RecipientStatus::kDeferred;
      out(Deferred{id, wall_from_millis(state.next_attempt), state.attempts, waits ? text : Octets{}, {i}});
    }
    if (is_done(state.status)) {
      const bool delivered = state.status == RecipientStatus::kDelivered;
      out(Settled{id, i, delivered ? mail::Verdict::kDelivered : mail::Verdict::kFailed, text, state.reached});
    }
  }
  if (entry->warned) out(Warned{id, MessageId{}});
  if (entry->held) out(Held{id, true, view_of(*entry).hold_reason()});
  if (entry->given_up) out(GivenUp{id});
  if (entry->bounced) out(Bounced{id, bounces_.at(id)});
}

void Image::encode_snapshot_tail(const std::function<void(Octets)>& emit) const {
  Emitter out(emit);
  for (const SegmentUse& use : space_.segments()) out(Segment{use.segment});
  out(Seen{watermark_});
}

}  // namespace sluice::queue
