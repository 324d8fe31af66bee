#include "core/smtp/message_receiver.h"

#include <utility>

namespace sluice::smtp {

MessageReceiver::MessageReceiver(const ServerSettings& settings, MessageSink& sink)
    : settings_(settings), sink_(sink), decoder_(Framing::kDots, settings.bare_newlines, settings.message) {}

void MessageReceiver::begin(Framing framing, const mail::Envelope& envelope, TraceFields fields) {
  decoder_ = DataDecoder(framing, settings_.bare_newlines, settings_.message);
  header_ = {};
  classified_ = false;
  sink_open_ = true;
  const MessageSink::Trace trace = sink_.begin(envelope);
  fields.id = trace.id;
  fields.date = trace.date;
  std::string received;
  received.reserve(256);
  append_received(received, fields);
  sink_.write(received);
}

std::size_t MessageReceiver::receive(Octets input) {
  const std::size_t taken = decoder_.decode(input, *this);
  stop_if_refused();
  return taken;
}

std::optional<Octets> MessageReceiver::finish() {
  if (!decoder_.ended()) decoder_.finish(*this);
  stop_if_refused();
  if (const auto reply = refusal()) return reply;
  classify();  // the message may be all header
  sink_open_ = false;
  sink_.end();
  return std::nullopt;
}

std::optional<Octets> MessageReceiver::refusal() const {
  switch (decoder_.defect()) {
    case Defect::kBareNewline:
      return "550 5.6.11 Message contains a bare CR or LF: lines must end with CRLF\r\n";
    case Defect::kTooLarge:
      return "552 5.3.4 Message is larger than this server allows\r\n";
    case Defect::kLongLine:
      return "554 5.6.0 Message contains a line that is too long\r\n";
    case Defect::kNone:
      break;
  }
  if (header_.hops() > settings_.hops) return "554 5.4.6 Too many Received fields: the message goes in circles\r\n";
  return std::nullopt;
}

void MessageReceiver::abort() {
  if (!sink_open_) return;
  sink_open_ = false;
  sink_.abort();
}

void MessageReceiver::write(Octets octets) {
  if (!sink_open_) return;
  header_.feed(octets);
  if (header_.header_ended()) classify();
  sink_.write(octets);
}

void MessageReceiver::classify() {
  if (std::exchange(classified_, true)) return;
  const mail::Importance importance = header_.importance();
  if (importance != mail::Importance{}) sink_.classify(importance);
}

void MessageReceiver::stop_if_refused() {
  if (sink_open_ && refusal()) abort();
}

}  // namespace sluice::smtp
