// A server session that hears anything: its replies stay well-formed lines, its shell sees begin, write..., end or
// abort in order and no bare newline, and where the input is cut makes no difference. The first octet chooses cuts and
// settings.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/smtp/server_session.h"

namespace {

using namespace sluice;
using namespace sluice::smtp;

struct Shell : Policy, MessageSink {
  ServerSession* session = nullptr;
  std::string* out = nullptr;
  bool answers_at_once = true;
  bool open = false;
  bool waiting = false;
  std::string body;
  std::string messages;

  std::optional<Reply> check_sender(const MailCommand&) override { return std::nullopt; }
  std::optional<Reply> check_recipient(const mail::Envelope&, Octets address) override {
    if (address.starts_with('r')) return Reply{550, {5, 7, 1}, "no relaying"};
    return std::nullopt;
  }
  std::optional<Reply> check_message(const mail::Envelope&) override { return std::nullopt; }
  Reply start_run(const EtrnCommand& command) override {
    invariant(!open && !waiting, "no run is asked for within a message");
    Octets name = command.name;
    invariant(!name.empty() && name.find_first_of(" @#<>") == Octets::npos, "a name is a name");
    return etrn_started(command);
  }
  Trace begin(const mail::Envelope& envelope) override {
    invariant(!open && !waiting && !envelope.recipients.empty(), "a message begins after the last and has recipients");
    open = true;
    body.clear();
    for (const mail::Recipient& recipient : envelope.recipients) messages.append(recipient.address).append(" ");
    return {"id", "date"};
  }
  void write(Octets octets) override {
    invariant(open, "octets come for a message only");
    body.append(octets);
  }
  void end() override {
    invariant(std::exchange(open, false), "a message ends once");
    for (std::size_t i = 0; i < body.size(); ++i) {
      const bool bare_lf = body[i] == '\n' && (i == 0 || body[i - 1] != '\r');
      const bool bare_cr = body[i] == '\r' && (i + 1 == body.size() || body[i + 1] != '\n');
      invariant(!bare_lf && !bare_cr, "no bare newline gets in");
    }
    messages.append(body).append("|");
    if (answers_at_once) return session->message_accepted("1", *out);
    waiting = true;
  }
  void abort() override { invariant(std::exchange(open, false), "only an open message is aborted"); }
};

ServerSettings settings_for(std::uint8_t choice) {
  ServerSettings settings;
  settings.hostname = "mx.example";
  settings.message = {.octets = 500, .text_line = 100};
  settings.recipients = 3;
  settings.command_line = 200;
  settings.hops = 2;
  settings.bare_newlines = choice & 0x20 ? BareNewlines::kNormalize : BareNewlines::kRefuse;
  settings.extensions.dsn = (choice & 0x40) != 0;
  settings.etrn = (choice & 0x10) != 0;
  return settings;
}

void check_replies(Octets out) {
  while (!out.empty()) {
    const std::size_t end = out.find("\r\n");
    invariant(end != Octets::npos && end >= 4 && end <= 510, "replies are lines of bounded length");
    const auto is_digit = [&](std::size_t i) { return out[i] >= '0' && out[i] <= '9'; };
    invariant(is_digit(0) && is_digit(1) && is_digit(2) && (out[3] == ' ' || out[3] == '-'), "replies have a code");
    for (const char c : out.substr(0, end)) invariant(c >= ' ' && c < 0x7f, "replies are printable");
    out.remove_prefix(end + 2);
  }
}

std::string talk(Octets input, std::size_t piece, const ServerSettings& settings, bool answers_at_once) {
  Shell shell;
  ServerSession session(settings, shell, shell, "[192.0.2.1]");
  std::string out;
  shell.session = &session;
  shell.out = &out;
  shell.answers_at_once = answers_at_once;
  for (std::size_t i = 0; i < input.size(); i += piece) {
    session.receive(input.substr(i, piece), out);
    while (std::exchange(shell.waiting, false)) session.message_accepted("1", out);
  }
  check_replies(out);
  std::string seen = out + shell.messages + (session.closed() ? "closed" : "open");
  session.timed_out(out);
  invariant(!shell.open, "no message stays open");
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Octets input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ServerSettings settings = settings_for(data[0]);
  const bool answers_at_once = (data[0] & 0x80) != 0;
  const std::string whole = talk(input, std::max<std::size_t>(input.size(), 1), settings, answers_at_once);
  invariant(talk(input, data[0] % 32 + 1, settings, answers_at_once) == whole, "cuts do not matter");
  invariant(talk(input, 1, settings, !answers_at_once) == whole, "nor does when a message is answered");
  return 0;
}
