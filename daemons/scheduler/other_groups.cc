#include "other_groups.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::scheduler {

namespace {

constexpr std::size_t kPiece = 64u << 10;
constexpr Duration kFirstPause{1'000}, kLongestPause{60'000};

}  // namespace

OtherGroups::OtherGroups(net::Loop& loop, store::BodyReader& bodies, Offers offers, Done done, Report report)
    : loop_(loop), bodies_(bodies), offers_(std::move(offers)), done_(std::move(done)), report_(std::move(report)) {}

ipc::Submitter& OtherGroups::submitter_of(const std::string& group) {
  auto& submitter = submitters_[group];
  if (!submitter)
    submitter = std::make_unique<ipc::Submitter>(
        loop_, [this, group] { return offers_(group); }, link::Role::kScheduler,
        ipc::Submitter::Callbacks{.report = [this](std::string_view, const std::string& what) { report_(what); },
                                  .drained = [this] { go_on(); }});
  return *submitter;
}

void OtherGroups::begin(schedule::AttemptId attempt, Copy copy) {
  Transfer& transfer = transfers_[attempt.raw()];
  transfer.copy = std::move(copy);
  ipc::Submitter& submitter = submitter_of(transfer.copy.group);
  const auto queue = submitter.choose();
  if (!queue) return fail_later(attempt, fmt::format("no queue of group {} takes mail", transfer.copy.group));
  transfer.queue = *queue;
  transfer.in_pieces = transfer.copy.body.length > link::kLargeBody;
  if (!transfer.in_pieces) {
    if (!send_whole(attempt, transfer)) fail_later(attempt, "the message cannot be read, or the queue was lost");
    return;
  }
  transfer.token = submitter.open(
      *queue, transfer.copy.envelope,
      [this, attempt](const ipc::Submitter::Answer& answer) { answered(attempt, answer); }, transfer.copy.whom);
  if (transfer.token == 0) return fail_later(attempt, "the queue was lost");
  if (!send_pieces(transfer)) fail_later(attempt, "the message cannot be read");
}

bool OtherGroups::send_whole(schedule::AttemptId attempt, Transfer& transfer) {
  std::string body(transfer.copy.body.length, '\0');
  const auto read = bodies_.read(transfer.copy.body, 0, body.data(), body.size());
  if (!read || *read != body.size()) return false;
  transfer.ended = true;
  transfer.token =
      submitter_of(transfer.copy.group)
          .submit(
              transfer.queue, transfer.copy.envelope, body,
              [this, attempt](const ipc::Submitter::Answer& answer) { answered(attempt, answer); }, transfer.copy.whom);
  return transfer.token != 0;
}

// As much as the link takes now. False: the body cannot be read.
bool OtherGroups::send_pieces(Transfer& transfer) {
  ipc::Submitter& submitter = submitter_of(transfer.copy.group);
  std::string piece;
  while (transfer.position < transfer.copy.body.length && !submitter.congested(transfer.queue)) {
    piece.resize(std::min<std::uint64_t>(kPiece, transfer.copy.body.length - transfer.position));
    const auto read = bodies_.read(transfer.copy.body, transfer.position, piece.data(), piece.size());
    if (!read || *read != piece.size()) return false;
    submitter.data(transfer.token, piece);
    transfer.position += piece.size();
  }
  if (transfer.position < transfer.copy.body.length) return true;
  submitter.end(transfer.token);
  transfer.ended = true;
  return true;
}

void OtherGroups::go_on() {
  std::vector<schedule::AttemptId> unreadable;
  for (auto& [attempt, transfer] : transfers_)
    if (transfer.in_pieces && transfer.token != 0 && !transfer.ended && !send_pieces(transfer))
      unreadable.emplace_back(attempt);
  for (const schedule::AttemptId attempt : unreadable) fail_later(attempt, "the message cannot be read");
}

void OtherGroups::answered(schedule::AttemptId attempt, const ipc::Submitter::Answer& answer) {
  const auto found = transfers_.find(attempt.raw());
  if (found == transfers_.end()) return;
  const std::string group = std::move(found->second.copy.group);
  transfers_.erase(found);
  done_(attempt, group, answer);
}

// Not from within the call that began it.
void OtherGroups::fail_later(schedule::AttemptId attempt, std::string why) {
  Transfer& transfer = transfers_.at(attempt.raw());
  if (transfer.token != 0) submitter_of(transfer.copy.group).forget(transfer.token);
  transfer.token = 0;
  loop_.at_turn_end([this, attempt, why = std::move(why)] { answered(attempt, fail(ipc::Refusal{false, why})); });
}

std::pair<MonoTime, bool> OtherGroups::postpone(const std::string& group) {
  Trouble& trouble = troubles_[group];
  const bool first = loop_.now() >= trouble.until;
  if (first) {
    trouble.pause = std::clamp(2 * trouble.pause, kFirstPause, kLongestPause);
    trouble.until = loop_.now() + trouble.pause;
  }
  return {trouble.until, first};
}

}  // namespace sluice::scheduler
