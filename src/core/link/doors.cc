#include "core/link/doors.h"

#include "base/codec.h"

namespace sluice::link {

namespace {

bool flag(Decoder& from) {
  const std::uint8_t value = from.u8();
  if (value > 1) from.fail();
  return value == 1;
}

}  // namespace

void Door::encode(std::string& out) const { Encoder(out).u8(open).u32(serial); }
std::optional<Door> Door::decode(Octets payload) {
  Decoder from(payload);
  Door door;
  door.open = flag(from);
  door.serial = from.u32();
  return from.done() ? std::optional(door) : std::nullopt;
}

std::optional<DoorShut> DoorShut::decode(Octets payload) {
  return payload.empty() ? std::optional(DoorShut{}) : std::nullopt;
}

void Quiet::encode(std::string& out) const { Encoder(out).u32(serial).u8(quiet); }
std::optional<Quiet> Quiet::decode(Octets payload) {
  Decoder from(payload);
  Quiet quiet;
  quiet.serial = from.u32();
  quiet.quiet = flag(from);
  return from.done() ? std::optional(quiet) : std::nullopt;
}

void Detach::encode(std::string& out) const { Encoder(out).u8(on); }
std::optional<Detach> Detach::decode(Octets payload) {
  Decoder from(payload);
  Detach detach;
  detach.on = flag(from);
  return from.done() ? std::optional(detach) : std::nullopt;
}

}  // namespace sluice::link
