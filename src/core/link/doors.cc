#include "core/link/doors.h"

#include "base/codec.h"

namespace sluice::link {

void Door::encode(std::string& out) const { Encoder(out).u8(open).u32(serial); }
std::optional<Door> Door::decode(Octets payload) {
  Decoder from(payload);
  Door door;
  door.open = from.flag();
  door.serial = from.u32();
  return whole(from, door);
}

std::optional<DoorShut> DoorShut::decode(Octets payload) {
  return payload.empty() ? std::optional(DoorShut{}) : std::nullopt;
}

void Quiet::encode(std::string& out) const { Encoder(out).u32(serial).u8(quiet); }
std::optional<Quiet> Quiet::decode(Octets payload) {
  Decoder from(payload);
  Quiet quiet;
  quiet.serial = from.u32();
  quiet.quiet = from.flag();
  return whole(from, quiet);
}

void Detach::encode(std::string& out) const { Encoder(out).u8(on); }
std::optional<Detach> Detach::decode(Octets payload) {
  Decoder from(payload);
  Detach detach;
  detach.on = from.flag();
  return whole(from, detach);
}

}  // namespace sluice::link
