#include "core/link/worker.h"

#include "core/link/messages.h"

namespace sluice::link {

void WorkerSetup::encode(std::string& out) const {
  Encoder(out)
      .u16(version)
      .octets(host)
      .octets(aliases)
      .u64(static_cast<std::uint64_t>(program_limit.count()))
      .u32(slow_deliveries)
      .u32(hop_limit);
}
std::optional<WorkerSetup> WorkerSetup::decode(Octets payload) {
  Decoder from(payload);
  WorkerSetup setup;
  setup.version = from.u16();
  setup.host = from.octets();
  setup.aliases = from.octets();
  setup.program_limit = Duration(static_cast<Duration::rep>(from.u64()));
  setup.slow_deliveries = from.u32();
  setup.hop_limit = from.u32();
  return whole(from, std::move(setup));
}

void Letter::encode(std::string& out) const {
  Encoder to(out);
  to.u64(token).u8(static_cast<std::uint8_t>(addressee)).u8(static_cast<std::uint8_t>(line_form));
  to.u8(eight_bit).u8(smtputf8).u8(static_cast<std::uint8_t>(ret)).u8(notify).u8(body_follows).u64(body_length);
  for (const Octets text :
       {user, home, local, dash, ext, domain, sender, default_delivery, original_recipient, envelope_id, extra_header})
    to.octets(text);
  to.raw(body);
}
std::optional<Letter> Letter::decode(Octets payload) {
  Decoder from(payload);
  Letter letter;
  letter.token = from.u64();
  letter.addressee = from.enumeration(Addressee::kAlias);
  letter.line_form = from.enumeration(mail::LineForm::kLf);
  letter.eight_bit = from.flag();
  letter.smtputf8 = from.flag();
  letter.ret = from.enumeration(mail::Return::kHeaders);
  letter.notify = from.u8();
  letter.body_follows = from.flag();
  letter.body_length = from.u64();
  for (Octets* text :
       {&letter.user, &letter.home, &letter.local, &letter.dash, &letter.ext, &letter.domain, &letter.sender,
        &letter.default_delivery, &letter.original_recipient, &letter.envelope_id, &letter.extra_header})
    *text = from.octets();
  letter.body = from.rest();
  if (!from.ok() || letter.body.size() != (letter.body_follows ? 0 : letter.body_length)) return std::nullopt;
  return letter;
}

void LetterSlow::encode(std::string& out) const { Encoder(out).u64(token); }
std::optional<LetterSlow> LetterSlow::decode(Octets payload) {
  Decoder from(payload);
  LetterSlow slow;
  slow.token = from.u64();
  return whole(from, slow);
}

void LetterDone::encode(std::string& out) const {
  Encoder to(out);
  to.u64(token);
  encode_outcome(to, outcome);
  to.octets(onward_sender).u32(static_cast<std::uint32_t>(onward.size()));
  for (const std::string& name : onward) to.octets(name);
}
std::optional<LetterDone> LetterDone::decode(Octets payload) {
  Decoder from(payload);
  LetterDone done;
  done.token = from.u64();
  done.outcome = decode_outcome(from);
  done.onward_sender = from.octets();
  const std::size_t count = from.u32();
  if (count > kMostOnward) return std::nullopt;
  for (std::size_t i = 0; i < count && from.ok(); ++i) done.onward.emplace_back(from.octets());
  return whole(from, std::move(done));
}

}  // namespace sluice::link
