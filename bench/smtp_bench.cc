// What SMTP costs without sockets, per message of 4 KB: design.md's budget is 100 us for all of Sluice's work on one.
#include <benchmark/benchmark.h>

#include "core/smtp/body_encoder.h"
#include "core/smtp/client_session.h"
#include "core/smtp/server_session.h"

namespace {

using namespace sluice;
using namespace sluice::smtp;

std::string body_of(std::size_t octets) {
  std::string body = "Subject: benchmark\r\nFrom: <a@b.example>\r\n\r\n";
  while (body.size() < octets) body.append(70, 'x').append("\r\n");
  return body;
}

struct CountingSink : OctetSink {
  std::size_t octets = 0;
  void write(Octets piece) override { octets += piece.size(); }
};

struct Shell : Policy, MessageSink {
  ServerSession* session = nullptr;
  std::string* out = nullptr;
  std::string body;
  std::optional<Reply> check_sender(const MailCommand&) override { return std::nullopt; }
  std::optional<Reply> check_recipient(const mail::Envelope&, Octets) override { return std::nullopt; }
  std::optional<Reply> check_message(const mail::Envelope&) override { return std::nullopt; }
  Trace begin(const mail::Envelope&) override {
    body.clear();
    return {"", "Thu, 01 Jan 2026 00:00:00 +0000"};
  }
  void write(Octets octets) override { body.append(octets); }
  void end() override { session->message_accepted("123456789", *out); }
  void abort() override {}
};

void decode(benchmark::State& state) {
  const std::string wire = body_of(static_cast<std::size_t>(state.range(0))) + ".\r\n";
  for (auto _ : state) {
    DataDecoder decoder(Framing::kDots, BareNewlines::kRefuse, {});
    CountingSink sink;
    benchmark::DoNotOptimize(decoder.decode(wire, sink));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * wire.size()));
}
BENCHMARK(decode)->Arg(4096)->Arg(1 << 20);

void encode(benchmark::State& state) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)));
  std::string wire;
  for (auto _ : state) {
    wire.clear();
    BodyEncoder encoder;
    encoder.encode(body, wire);
    encoder.finish(wire);
    benchmark::DoNotOptimize(wire.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * body.size()));
}
BENCHMARK(encode)->Arg(4096)->Arg(1 << 20);

void server_dialogue(benchmark::State& state) {
  ServerSettings settings;
  settings.hostname = "mx.example";
  Shell shell;
  ServerSession session(settings, shell, shell, "[192.0.2.1]");
  std::string out;
  shell.session = &session;
  shell.out = &out;
  session.receive("EHLO client.example\r\n", out);
  const std::string commands =
      "MAIL FROM:<sender@client.example> SIZE=4096\r\nRCPT TO:<recipient@destination.example>\r\nDATA\r\n";
  const std::string body = body_of(4096) + ".\r\n";
  for (auto _ : state) {
    out.clear();
    session.receive(commands, out);
    session.receive(body, out);
    benchmark::DoNotOptimize(out.data());
  }
  if (!out.ends_with("queued as 123456789\r\n")) state.SkipWithError("the message was not accepted");
}
BENCHMARK(server_dialogue);

void client_dialogue(benchmark::State& state) {
  ClientSession session("me.example");
  std::string out;
  session.receive("220 mx\r\n", out);
  session.receive("250-mx\r\n250-PIPELINING\r\n250-SIZE 10000000\r\n250 8BITMIME\r\n", out);
  const std::string body = body_of(4096);
  for (auto _ : state) {
    out.clear();
    Job job;
    job.envelope.sender = "sender@client.example";
    job.envelope.recipients.push_back({"recipient@destination.example", 0, ""});
    job.size = body.size();
    session.start(std::move(job), out);
    session.receive("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n", out);
    BodyEncoder encoder;
    encoder.encode(body, out);
    encoder.finish(out);
    session.body_sent();
    session.receive("250 2.0.0 Ok: queued as 4F5A6B\r\n", out);
    benchmark::DoNotOptimize(session.take_outcomes());
  }
  if (!session.ready()) state.SkipWithError("the session broke");
}
BENCHMARK(client_dialogue);

}  // namespace
