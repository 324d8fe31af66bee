#include "core/link/supervision.h"

namespace sluice::link {

namespace {

void encode_load(Encoder& to, const QueueReport::ChannelLoad& load) {
  to.u32(load.in_flight).u32(load.limit).u32(load.waiting);
}

QueueReport::ChannelLoad decode_load(Decoder& from) {
  QueueReport::ChannelLoad load;
  load.in_flight = from.u32();
  load.limit = from.u32();
  load.waiting = from.u32();
  return load;
}

}  // namespace

void QueueReport::encode(std::string& out) const {
  Encoder to(out);
  for (const ChannelLoad* load : {&local, &remote, &lmtp}) encode_load(to, *load);
  to.u64(messages).u64(submitted).u8(taking).u8(paused);
}
std::optional<QueueReport> QueueReport::decode(Octets payload) {
  Decoder from(payload);
  QueueReport report;
  for (ChannelLoad* load : {&report.local, &report.remote, &report.lmtp}) *load = decode_load(from);
  report.messages = from.u64();
  report.submitted = from.u64();
  report.taking = from.flag();
  report.paused = from.flag();
  return whole(from, report);
}

void NeighbourLost::encode(std::string& out) const {
  Encoder(out).u8(static_cast<std::uint8_t>(role)).u32(pid).octets(Octets(why).substr(0, kLongestReason));
}
std::optional<NeighbourLost> NeighbourLost::decode(Octets payload) {
  Decoder from(payload);
  NeighbourLost lost;
  lost.role = from.enumeration(Role::kLogger);
  lost.pid = from.u32();
  const Octets why = from.octets();
  if (why.size() > kLongestReason) from.fail();
  if (from.ok()) lost.why = why;
  return whole(from, std::move(lost));
}

void NewNeighbour::encode(std::string& out) const { Encoder(out).u8(static_cast<std::uint8_t>(role)); }
std::optional<NewNeighbour> NewNeighbour::decode(Octets payload) {
  Decoder from(payload);
  NewNeighbour neighbour;
  neighbour.role = from.enumeration(Role::kLogger);
  return whole(from, neighbour);
}

void Drain::encode(std::string& out) const { Encoder(out).u8(on); }
std::optional<Drain> Drain::decode(Octets payload) {
  Decoder from(payload);
  const Drain drain{from.flag()};
  return whole(from, drain);
}

std::optional<Drained> Drained::decode(Octets payload) { return whole(Decoder(payload), Drained{}); }

void Pause::encode(std::string& out) const { Encoder(out).u8(on); }
std::optional<Pause> Pause::decode(Octets payload) {
  Decoder from(payload);
  const Pause pause{from.flag()};
  return whole(from, pause);
}

}  // namespace sluice::link
