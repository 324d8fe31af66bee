#include "handover.h"

#include "core/queue/envelope_codec.h"

namespace sluice::smtp_server {

namespace {

constexpr std::size_t kPiece = 64 << 10;                             // of a large message: one frame
constexpr std::size_t kSmallestKept = 256, kLargestKept = 64 << 10;  // buffers that are kept for the next message
constexpr std::size_t kMostKept = 128;

}  // namespace

std::string Buffers::lend() {
  if (free_.empty()) return {};
  std::string buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void Buffers::take_back(std::string&& buffer) {
  const bool worth_keeping = buffer.capacity() >= kSmallestKept && buffer.capacity() <= kLargestKept;
  if (!worth_keeping || free_.size() >= kMostKept) {
    std::string().swap(buffer);
    return;
  }
  buffer.clear();
  free_.push_back(std::move(buffer));
}

std::optional<smtp::Reply> Handover::prepare(const mail::Envelope& envelope) {
  group_ = means_.group_of(envelope);
  const auto queue = means_.submitter.choose(group_);
  if (!queue) return smtp::Reply{451, {4, 3, 0}, "No queue takes mail now, try again later"};
  queue_ = *queue;
  envelope_ = means_.buffers.lend();
  if (!queue::encode_envelope(envelope_, envelope) || envelope_.size() > queue::kMaximumEnvelope - queue::kImportance) {
    give_back();
    return smtp::Reply{552, {5, 5, 3}, "Too many recipients for one message"};
  }
  return std::nullopt;
}

Handover::Trace Handover::begin(const mail::Envelope&) {
  receiving_ = true;
  in_pieces_ = false;
  token_ = 0;
  octets_ = 0;
  lost_.reset();
  body_ = means_.buffers.lend();
  return {.id = {}, .date = means_.date()};
}

void Handover::classify(const mail::Importance& importance) {
  if (in_pieces_) return;  // a header of more than kLargeBody octets: the queue has the envelope already
  queue::add_importance(envelope_, importance.precedence, importance.urgency);
}

void Handover::write(Octets octets) {
  octets_ += octets.size();
  if (lost_) return;  // read to its end, then refused
  body_.append(octets);
  if (body_.size() > (in_pieces_ ? kPiece : link::kLargeBody)) pass_on();
}

void Handover::pass_on() {
  if (!in_pieces_) {
    in_pieces_ = true;
    const auto settle_later = [this](const ipc::Submitter::Answer& answer) { settle(answer); };
    token_ = means_.submitter.open(queue_, envelope_, settle_later);
    // The queue went away since it was chosen: any other is as good.
    const auto other = token_ == 0 ? means_.submitter.choose(group_) : std::nullopt;
    if (other) token_ = means_.submitter.open(queue_ = *other, envelope_, settle_later);
    if (token_ == 0) lost_ = ipc::Refusal{false, "the queue cannot be reached"};
  }
  means_.submitter.data(token_, body_);
  body_.clear();
}

void Handover::end() {
  receiving_ = false;
  if (in_pieces_) {
    if (!lost_) means_.submitter.data(token_, body_);
    if (!lost_) means_.submitter.end(token_);
  } else {
    const auto settle_later = [this](const ipc::Submitter::Answer& answer) { settle(answer); };
    token_ = means_.submitter.submit(queue_, envelope_, body_, settle_later);
    // The queue went away since it was chosen: any other is as good.
    const auto other = token_ == 0 ? means_.submitter.choose(group_) : std::nullopt;
    if (other) token_ = means_.submitter.submit(*other, envelope_, body_, settle_later);
    if (token_ == 0) lost_ = ipc::Refusal{false, "no queue can be reached"};
  }
  give_back();
  if (lost_) on_answer_(fail(*lost_));
}

void Handover::abort() { drop(); }

void Handover::drop() {
  receiving_ = false;
  if (token_ != 0) means_.submitter.forget(token_);
  token_ = 0;
  give_back();
}

void Handover::settle(const ipc::Submitter::Answer& answer) {
  token_ = 0;
  if (!receiving_) return on_answer_(answer);
  // In the middle of the message: the client listens only at its end.
  lost_ = answer ? ipc::Refusal{false, "the queue answered before the end of the message"} : answer.error();
  body_.clear();
}

void Handover::give_back() {
  means_.buffers.take_back(std::move(envelope_));
  means_.buffers.take_back(std::move(body_));
  envelope_.clear();
  body_.clear();
}

}  // namespace sluice::smtp_server
