#include "core/link/messages.h"

#include <algorithm>

#include "core/queue/envelope_codec.h"

namespace sluice::link {

namespace {

Octets take_rest(Decoder& from) { return from.raw(from.rest().size()); }

mail::Verdict take_verdict(Decoder& from) {
  const auto verdict = static_cast<mail::Verdict>(from.u8());
  switch (verdict) {
    case mail::Verdict::kDelivered:
    case mail::Verdict::kDeferred:
    case mail::Verdict::kFailed:
      return verdict;
  }
  from.fail();
  return mail::Verdict::kDeferred;
}

// verdict u8, trouble u8, reached u8, reply u16, code u8 u16 u16, text length u32
constexpr std::size_t kShortestOutcome = 14;
constexpr std::uint8_t kFirstAttempt = 1, kTimeouts = 2;  // marks of Deliver

}  // namespace

void encode_outcome(Encoder& to, const mail::Outcome& outcome) {
  to.u8(static_cast<std::uint8_t>(outcome.verdict)).u8(static_cast<std::uint8_t>(outcome.trouble));
  to.u8(static_cast<std::uint8_t>(outcome.reached))
      .u16(outcome.reply)
      .u8(outcome.code.status_class)
      .u16(outcome.code.subject);
  to.u16(outcome.code.detail).octets(Octets(outcome.text).substr(0, mail::kMaximumText));
}

mail::Outcome decode_outcome(Decoder& from) {
  mail::Outcome outcome;
  outcome.verdict = take_verdict(from);
  outcome.trouble = from.enumeration(mail::Trouble::kBusy);
  outcome.reached = from.enumeration(mail::Reached::kExpanded);
  outcome.reply = from.u16();
  outcome.code = {from.u8(), from.u16(), from.u16()};
  const Octets text = from.octets();
  if (text.size() > mail::kMaximumText) from.fail();
  if (from.ok()) outcome.text = text;
  return outcome;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kCommand:
      return "command";
    case Role::kSupervisor:
      return "qscheduler";
    case Role::kSmtpServer:
      return "sluice-smtpd";
    case Role::kScheduler:
      return "qmail-send";
    case Role::kTodo:
      return "todo-proc";
    case Role::kIntake:
      return "qmail-intake";
    case Role::kClean:
      return "qmail-clean";
    case Role::kLocalDelivery:
      return "qmail-lspawn";
    case Role::kRemoteDelivery:
      return "qmail-rspawn";
    case Role::kLogger:
      return "logger";
  }
  return "unknown";
}

void Hello::encode(std::string& out) const {
  Encoder(out).u16(version).u8(static_cast<std::uint8_t>(role)).u32(pid).u32(limit);
}
std::optional<Hello> Hello::decode(Octets payload) {
  Decoder from(payload);
  Hello hello;
  hello.version = from.u16();
  hello.role = from.enumeration(Role::kRemoteDelivery);
  hello.pid = from.u32();
  hello.limit = from.u32();
  return whole(from, std::move(hello));
}

void Submit::encode(std::string& out) const { Encoder(out).u64(token).octets(envelope).raw(body); }
std::optional<Submit> Submit::decode(Octets payload) {
  Decoder from(payload);
  Submit submit;
  submit.token = from.u64();
  submit.envelope = from.octets();
  submit.body = take_rest(from);
  return whole(from, std::move(submit));
}

void SubmitOpen::encode(std::string& out) const { Encoder(out).u64(token).raw(envelope); }
std::optional<SubmitOpen> SubmitOpen::decode(Octets payload) {
  Decoder from(payload);
  SubmitOpen open;
  open.token = from.u64();
  open.envelope = take_rest(from);
  return whole(from, std::move(open));
}

void SubmitData::encode(std::string& out) const { Encoder(out).u64(token).raw(octets); }
std::optional<SubmitData> SubmitData::decode(Octets payload) {
  Decoder from(payload);
  SubmitData data;
  data.token = from.u64();
  data.octets = take_rest(from);
  return whole(from, std::move(data));
}

void SubmitEnd::encode(std::string& out) const { Encoder(out).u64(token); }
std::optional<SubmitEnd> SubmitEnd::decode(Octets payload) {
  Decoder from(payload);
  SubmitEnd end{from.u64()};
  return whole(from, std::move(end));
}

void SubmitAbort::encode(std::string& out) const { Encoder(out).u64(token); }
std::optional<SubmitAbort> SubmitAbort::decode(Octets payload) {
  Decoder from(payload);
  SubmitAbort abort{from.u64()};
  return whole(from, std::move(abort));
}

void SubmitFor::encode(std::string& out) const {
  Encoder to = Encoder(out).u32(uid).u32(pid);
  if (arrival) to.i64(to_millis(*arrival));
}
std::optional<SubmitFor> SubmitFor::decode(Octets payload) {
  Decoder from(payload);
  SubmitFor submit_for;
  submit_for.uid = from.u32();
  submit_for.pid = from.u32();
  if (!from.rest().empty()) submit_for.arrival = wall_from_millis(from.i64());
  return whole(from, std::move(submit_for));
}

void Submitted::encode(std::string& out) const { Encoder(out).u64(token).u64(id.raw()); }
std::optional<Submitted> Submitted::decode(Octets payload) {
  Decoder from(payload);
  Submitted submitted;
  submitted.token = from.u64();
  submitted.id = queue::MessageId{from.u64()};
  return whole(from, std::move(submitted));
}

void SubmitRefused::encode(std::string& out) const { Encoder(out).u64(token).u8(permanent).raw(text); }
std::optional<SubmitRefused> SubmitRefused::decode(Octets payload) {
  Decoder from(payload);
  SubmitRefused refused;
  refused.token = from.u64();
  refused.permanent = from.flag();
  refused.text = take_rest(from);
  return whole(from, std::move(refused));
}

void Relocate::encode(std::string& out) const {
  Encoder to(out);
  queue::encode_body_ref(to.u64(id.raw()), body);
  to.raw(extra_header);
}
std::optional<Relocate> Relocate::decode(Octets payload) {
  Decoder from(payload);
  Relocate relocate;
  relocate.id = queue::MessageId{from.u64()};
  relocate.body = queue::decode_body_ref(from);
  relocate.extra_header = from.raw(from.rest().size());
  return whole(from, std::move(relocate));
}

void Relocated::encode(std::string& out) const {
  Encoder to(out);
  queue::encode_body_ref(to.u64(id.raw()).u8(moved), body);
}
std::optional<Relocated> Relocated::decode(Octets payload) {
  Decoder from(payload);
  Relocated relocated;
  relocated.id = queue::MessageId{from.u64()};
  relocated.moved = from.flag();
  relocated.body = queue::decode_body_ref(from);
  return whole(from, std::move(relocated));
}

void Resume::encode(std::string& out) const { Encoder(out).u64(from.raw()); }
std::optional<Resume> Resume::decode(Octets payload) {
  Decoder input(payload);
  Resume resume{queue::Lsn{input.u64()}};
  return whole(input, std::move(resume));
}

void Adopt::encode(std::string& out) const {
  Encoder(out).u64(inode).u32(part).i64(to_millis(arrival)).u32(uid).u32(pid).octets(extra_header).raw(envelope);
}
std::optional<Adopt> Adopt::decode(Octets payload) {
  Decoder from(payload);
  Adopt adopt;
  adopt.inode = from.u64();
  adopt.part = from.u32();
  adopt.arrival = wall_from_millis(from.i64());
  adopt.uid = from.u32();
  adopt.pid = from.u32();
  adopt.extra_header = from.octets();
  adopt.envelope = take_rest(from);
  return whole(from, std::move(adopt));
}

void Adopted::encode(std::string& out) const {
  Encoder(out).u64(inode).u32(part).u8(static_cast<std::uint8_t>(verdict)).raw(text);
}
std::optional<Adopted> Adopted::decode(Octets payload) {
  Decoder from(payload);
  Adopted adopted;
  adopted.inode = from.u64();
  adopted.part = from.u32();
  adopted.verdict = from.enumeration(Verdict::kRefused);
  adopted.text = take_rest(from);
  return whole(from, std::move(adopted));
}

void Announce::encode(std::string& out) const {
  Encoder to(out);
  to.u64(id.raw()).u64(next.raw()).i64(to_millis(arrival)).u32(uid).u32(pid);
  queue::encode_body_ref(to, body);
  to.raw(envelope);
}
std::optional<Announce> Announce::decode(Octets payload) {
  Decoder from(payload);
  Announce announce;
  announce.id = queue::MessageId{from.u64()};
  announce.next = queue::Lsn{from.u64()};
  announce.arrival = wall_from_millis(from.i64());
  announce.uid = from.u32();
  announce.pid = from.u32();
  announce.body = queue::decode_body_ref(from);
  announce.envelope = take_rest(from);
  return whole(from, std::move(announce));
}

void Admit::encode(std::string& out) const { queue::Admitted::encode(out); }
std::optional<Admit> Admit::decode(Octets payload) {
  auto admitted = queue::Admitted::decode(payload);
  if (!admitted) return std::nullopt;
  return Admit{std::move(*admitted)};
}

void Unreadable::encode(std::string& out) const { Encoder(out).u64(id.raw()).u64(next.raw()).raw(text); }
std::optional<Unreadable> Unreadable::decode(Octets payload) {
  Decoder from(payload);
  Unreadable unreadable;
  unreadable.id = queue::MessageId{from.u64()};
  unreadable.next = queue::Lsn{from.u64()};
  unreadable.text = take_rest(from);
  return whole(from, std::move(unreadable));
}

void Reload::encode(std::string&) const {}
std::optional<Reload> Reload::decode(Octets payload) { return whole(Decoder(payload), Reload{}); }

void Deliver::encode(std::string& out) const {
  Encoder to(out);
  to.u64(attempt).u64(id.raw());
  queue::encode_body_ref(to, body);
  to.u8(static_cast<std::uint8_t>(channel)).octets(destination).u64(watcher);
  to.u8(static_cast<std::uint8_t>((first_attempt ? kFirstAttempt : 0) | (timeouts.says_anything() ? kTimeouts : 0)));
  if (timeouts.says_anything())
    for (std::size_t i = 0; i < mail::kClientWaits.size(); ++i)
      to.u32(static_cast<std::uint32_t>(timeouts[static_cast<mail::ClientWait>(i)].count()));
  queue::encode_envelope(out, envelope);
}
std::optional<Deliver> Deliver::decode(Octets payload) {
  Decoder from(payload);
  Deliver deliver;
  deliver.attempt = from.u64();
  deliver.id = queue::MessageId{from.u64()};
  deliver.body = queue::decode_body_ref(from);
  deliver.channel = from.enumeration(Channel::kLmtp);
  deliver.destination = from.octets();
  deliver.watcher = from.u64();
  const std::uint8_t marks = from.u8();
  if ((marks & ~(kFirstAttempt | kTimeouts)) != 0) return std::nullopt;
  deliver.first_attempt = (marks & kFirstAttempt) != 0;
  if ((marks & kTimeouts) != 0)
    for (std::size_t i = 0; i < mail::kClientWaits.size(); ++i)
      deliver.timeouts[static_cast<mail::ClientWait>(i)] = Seconds(from.u32());
  auto envelope = queue::decode_envelope(take_rest(from));
  if (!envelope) return std::nullopt;
  deliver.envelope = std::move(*envelope);
  return whole(from, std::move(deliver));
}

void Delivered::encode(std::string& out) const {
  Encoder to(out);
  to.u64(attempt).u32(static_cast<std::uint32_t>(outcomes.size()));
  for (const mail::Outcome& outcome : outcomes) encode_outcome(to, outcome);
}
std::optional<Delivered> Delivered::decode(Octets payload) {
  Decoder from(payload);
  Delivered delivered;
  delivered.attempt = from.u64();
  const std::size_t count = from.u32();
  if (count == 0 || count > queue::kMaximumRecipients || count > from.rest().size() / kShortestOutcome) {
    return std::nullopt;
  }
  delivered.outcomes.reserve(count);
  for (std::size_t i = 0; i < count && from.ok(); ++i) delivered.outcomes.push_back(decode_outcome(from));
  return whole(from, std::move(delivered));
}

void Transcript::encode(std::string& out) const { Encoder(out).u64(watcher).octets(Octets(line).substr(0, kLongest)); }
std::optional<Transcript> Transcript::decode(Octets payload) {
  Decoder from(payload);
  Transcript transcript;
  transcript.watcher = from.u64();
  transcript.line = from.octets();
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (transcript.line.size() > kLongest || !std::all_of(transcript.line.begin(), transcript.line.end(), printable))
    return std::nullopt;
  return whole(from, std::move(transcript));
}

void WatchEnd::encode(std::string& out) const { Encoder(out).u64(watcher); }
std::optional<WatchEnd> WatchEnd::decode(Octets payload) {
  Decoder from(payload);
  WatchEnd end;
  end.watcher = from.u64();
  return whole(from, std::move(end));
}

void Remove::encode(std::string& out) const { Encoder(out).u8(static_cast<std::uint8_t>(storage)).u64(segment); }
std::optional<Remove> Remove::decode(Octets payload) {
  Decoder from(payload);
  Remove remove;
  remove.storage = from.enumeration(queue::BodyRef::Storage::kFile);
  remove.segment = from.u64();
  return whole(from, std::move(remove));
}

void Removed::encode(std::string& out) const {
  Encoder(out).u8(static_cast<std::uint8_t>(storage)).u64(segment).u8(gone);
}
std::optional<Removed> Removed::decode(Octets payload) {
  Decoder from(payload);
  Removed removed;
  removed.storage = from.enumeration(queue::BodyRef::Storage::kFile);
  removed.segment = from.u64();
  removed.gone = from.flag();
  return whole(from, std::move(removed));
}

void Query::encode(std::string& out) const { out.append(json); }
std::optional<Query> Query::decode(Octets payload) { return Query{payload}; }
void Answer::encode(std::string& out) const { out.append(json); }
std::optional<Answer> Answer::decode(Octets payload) { return Answer{payload}; }
void AnswerEnd::encode(std::string& out) const { out.append(error); }
std::optional<AnswerEnd> AnswerEnd::decode(Octets payload) { return AnswerEnd{payload}; }

}  // namespace sluice::link
