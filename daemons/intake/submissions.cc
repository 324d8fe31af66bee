#include "submissions.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/queue/envelope_codec.h"
#include "system/os/failure.h"

namespace sluice::intake {

namespace {

constexpr std::string_view kDoorShut = "this queue takes no new messages";

void refuse(Submitter& from, std::uint64_t token, bool permanent, Octets text) {
  if (!from.link || !from.link->is_open()) return;
  link::SubmitRefused refused;
  refused.token = token;
  refused.permanent = permanent;
  refused.text = text;
  from.link->send(refused);
}

}  // namespace

bool Submissions::take(const std::shared_ptr<Submitter>& from, const link::Frame& frame) {
  if (frame.type == link::FrameType::kSubmit) return submit(from, frame.payload);
  if (frame.type == link::FrameType::kSubmitOpen) return open(from, frame.payload);
  if (frame.type == link::FrameType::kSubmitData) return data(from, frame.payload);
  if (frame.type == link::FrameType::kSubmitEnd) return end(from, frame.payload);
  if (frame.type != link::FrameType::kSubmitAbort) return false;
  const auto abort = link::SubmitAbort::decode(frame.payload);
  return abort && from->open.erase(abort->token) == 1;
}

bool Submissions::acceptable(Submitter& from, std::uint64_t token, Octets envelope) {
  if (envelope.size() > queue::kMaximumEnvelope) {
    refuse(from, token, true, fmt::format("an envelope of more than {} octets", queue::kMaximumEnvelope));
    return false;
  }
  const auto decoded = queue::decode_envelope(envelope);
  if (!decoded) {
    refuse(from, token, true, fmt::format("malformed envelope: {}", queue::to_string(decoded.error())));
    return false;
  }
  if (decoded->recipients.empty()) {
    refuse(from, token, true, "the envelope has no recipient");
    return false;
  }
  return true;
}

bool Submissions::submit(const std::shared_ptr<Submitter>& from, Octets payload) {
  const auto message = link::Submit::decode(payload);
  if (!message) return false;
  if (message->body.size() > link::kLargeBody) {
    refuse(*from, message->token, true, "a body of this size must be sent in pieces");
    return true;
  }
  if (from->door_shut)
    refuse(*from, message->token, false, kDoorShut);
  else if (acceptable(*from, message->token, message->envelope))
    wait(from, from->whom, message->token, message->envelope, message->body, nullptr);
  return true;
}

bool Submissions::open(const std::shared_ptr<Submitter>& from, Octets payload) {
  const auto message = link::SubmitOpen::decode(payload);
  if (!message || from->open.size() >= kOpenPerLink || from->open.contains(message->token)) return false;
  Submitter::Open opened;
  opened.whom = from->whom;
  opened.envelope = message->envelope;
  auto body = from->door_shut ? fail(store::Trouble{0, std::string(kDoorShut)}) : writer_.open_large();
  if (body)
    opened.body = std::move(*body);
  else
    opened.trouble = body.error().what;
  from->open.emplace(message->token, std::move(opened));
  return true;
}

bool Submissions::data(const std::shared_ptr<Submitter>& from, Octets payload) {
  const auto message = link::SubmitData::decode(payload);
  if (!message) return false;
  const auto found = from->open.find(message->token);
  if (found == from->open.end()) return false;
  Submitter::Open& opened = found->second;
  if (!opened.body) return true;  // failed before: the rest is read and dropped
  if (const auto written = opened.body->write(message->octets); !written) {
    opened.trouble = written.error().what;
    opened.body.reset();
  }
  return true;
}

bool Submissions::end(const std::shared_ptr<Submitter>& from, Octets payload) {
  const auto message = link::SubmitEnd::decode(payload);
  if (!message) return false;
  const auto found = from->open.find(message->token);
  if (found == from->open.end()) return false;
  Submitter::Open opened = std::move(found->second);
  from->open.erase(found);
  if (opened.body) {
    if (const auto finished = opened.body->finish(); !finished) {
      opened.trouble = finished.error().what;
      opened.body.reset();
    }
  }
  if (!opened.body && opened.trouble == kDoorShut) {
    refuse(*from, message->token, false, kDoorShut);
    return true;
  }
  if (!opened.body) {
    os::say("alert", "qmail-intake", opened.trouble);
    refuse(*from, message->token, false, "the queue cannot write to its disk");
    return true;
  }
  if (acceptable(*from, message->token, opened.envelope))
    wait(from, opened.whom, message->token, opened.envelope, {}, std::move(opened.body));
  return true;
}

void Submissions::wait(const std::shared_ptr<Submitter>& from, const Whom& whom, std::uint64_t token, Octets envelope,
                       Octets body, std::unique_ptr<store::LargeBody> large) {
  const std::size_t at = octets_.size();
  octets_.append(envelope).append(body);
  waiting_.push_back({from, whom, token, at, envelope.size(), at + envelope.size(), body.size(), std::move(large)});
}

void Submissions::commit(WallTime now, const OnStored& stored) {
  const auto waiting = std::exchange(waiting_, {});
  const Octets octets = octets_;
  std::vector<store::NewBody> batch;
  batch.reserve(waiting.size());
  for (const Waiting& one : waiting) {
    store::NewBody body;
    body.envelope = octets.substr(one.envelope_at, one.envelope_size);
    body.body = octets.substr(one.body_at, one.body_size);
    body.file = one.large ? one.large->inode() : 0;
    body.file_length = one.large ? one.large->length() : 0;
    body.uid = one.whom.uid;
    body.pid = one.whom.pid;
    if (one.whom.arrival) body.arrival = std::min(*one.whom.arrival, now);
    body.durable = sync_all_ || one.large || one.whom.arrival || one.from->is_scheduler;
    batch.push_back(body);
  }
  const auto done = writer_.append(batch, now);
  if (!done) os::say("alert", "qmail-intake", done.error().what);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const Waiting& one = waiting[i];
    if (!done)
      refuse(*one.from, one.token, false, "the queue cannot write to its disk");
    else if (one.from->link && one.from->link->is_open())
      one.from->link->send(link::Submitted{one.token, (*done)[i].id});
  }
  if (done) stored(batch, *done);
  octets_.clear();
  if (octets_.capacity() > (4u << 20)) octets_.shrink_to_fit();
}

}  // namespace sluice::intake
