// One message on its way through a server session: decodes its octets, puts our Received field before it, counts its
// hops, finds out its importance and writes it to the sink. At the first defect the sink is told to abort; the octets
// are still read to their end, because only there is the client ready for an answer.
#pragma once

#include "core/smtp/header_watch.h"
#include "core/smtp/server_settings.h"
#include "core/smtp/trace.h"

namespace sluice::smtp {

class MessageReceiver : private OctetSink {
 public:
  MessageReceiver(const ServerSettings& settings, MessageSink& sink);

  // fields: all but id and date, which the sink gives.
  void begin(Framing framing, const mail::Envelope& envelope, TraceFields fields);
  // Reads the front of `input`; fewer octets than it holds only when DATA ended.
  std::size_t receive(Octets input);
  bool ended() const { return decoder_.ended(); }
  // The message is complete. nullopt: the sink was told so and an answer will come; else the reply that refuses it.
  std::optional<Octets> finish();
  // The refusal that is known already, for a chunk that is not the last.
  std::optional<Octets> refusal() const;
  // The client gave up. Does nothing if no message is under way.
  void abort();

 private:
  void write(Octets octets) override;
  void stop_if_refused();
  void classify();

  const ServerSettings& settings_;
  MessageSink& sink_;
  DataDecoder decoder_;
  HeaderWatch header_;
  bool sink_open_ = false;
  bool classified_ = false;
};

}  // namespace sluice::smtp
