#include "core/queue/admitted.h"

#include <algorithm>

#include "core/queue/envelope_codec.h"

namespace sluice::queue {

std::string_view name_of(Channel channel) {
  switch (channel) {
    case Channel::kLocal:
      return "local";
    case Channel::kRemote:
      return "remote";
    case Channel::kLmtp:
      return "lmtp";
    case Channel::kGroup:
      return "group";
  }
  return "unknown";
}

void encode_body_ref(Encoder& to, const BodyRef& body) {
  to.u8(static_cast<std::uint8_t>(body.storage)).u64(body.segment).u32(body.offset).u64(body.length);
}

BodyRef decode_body_ref(Decoder& from) {
  BodyRef body;
  body.storage = from.enumeration(BodyRef::Storage::kFile);
  body.segment = from.u64();
  body.offset = from.u32();
  body.length = from.u64();
  return body;
}

void AdmittedView::encode(std::string& out) const {
  Encoder to(out);
  to.u64(id.raw()).u64(next.raw()).i64(to_millis(arrival)).u32(uid).u32(pid);
  encode_body_ref(to, body);
  to.octets(channels).raw(envelope);
}

std::optional<AdmittedView> AdmittedView::decode(Octets payload) {
  Decoder from(payload);
  AdmittedView view;
  view.id = MessageId{from.u64()};
  view.next = Lsn{from.u64()};
  view.arrival = wall_from_millis(from.i64());
  view.uid = from.u32();
  view.pid = from.u32();
  view.body = decode_body_ref(from);
  view.channels = from.octets();
  view.envelope = from.rest();
  const auto known = [](char c) { return static_cast<std::uint8_t>(c) <= static_cast<std::uint8_t>(Channel::kLmtp); };
  if (!from.ok() || !view.id || !std::all_of(view.channels.begin(), view.channels.end(), known)) return std::nullopt;
  return view;
}

void Admitted::encode(std::string& out) const {
  std::string channels;
  channels.reserve(routed.size());
  for (const Routed& each : routed) channels.push_back(static_cast<char>(each.channel));
  AdmittedView{id, next, arrival, uid, pid, body, channels, {}}.encode(out);
  const std::size_t start = out.size();
  bool fits = append_envelope_head(out, envelope);
  for (const Routed& each : routed) fits = fits && append_recipient(out, each.recipient);
  if (!fits) out.resize(start);
}

std::optional<Admitted> Admitted::decode(Octets payload) {
  const auto view = AdmittedView::decode(payload);
  if (!view) return std::nullopt;
  auto envelope = decode_envelope(view->envelope);
  if (!envelope || envelope->recipients.size() != view->channels.size()) return std::nullopt;
  Admitted admitted{view->id, view->next, view->arrival, view->uid, view->pid, view->body, {}, {}};
  admitted.routed.reserve(view->channels.size());
  for (std::size_t i = 0; i < view->channels.size(); ++i) {
    admitted.routed.push_back({static_cast<Channel>(view->channels[i]), std::move(envelope->recipients[i])});
  }
  envelope->recipients.clear();
  admitted.envelope = std::move(*envelope);
  return admitted;
}

}  // namespace sluice::queue
