// Test helpers for the server session: a shell that writes down what it is told and answers as it was told to.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "core/smtp/server_session.h"

namespace sluice::smtp {

struct RecordingShell : Policy, MessageSink {
  std::vector<std::string> journal;  // "begin", "end", "abort" with what belongs to it
  std::vector<mail::Envelope> envelopes;
  std::string body;
  std::optional<Reply> message_policy;
  ServerSession* session = nullptr;
  std::string* out = nullptr;
  bool answers_at_once = true;

  std::optional<Reply> check_sender(const MailCommand& mail) override {
    if (mail.sender.address.starts_with("bad")) return Reply{550, {5, 7, 1}, "not from you"};
    return std::nullopt;
  }
  std::optional<Reply> check_recipient(const mail::Envelope&, Octets address) override {
    if (address.starts_with("relay")) return Reply{550, {5, 7, 1}, "no relaying"};
    if (address.starts_with("later")) return Reply{450, {4, 2, 1}, "later"};
    if (address.starts_with("leave")) return Reply{421, {4, 7, 0}, "leave"};
    return std::nullopt;
  }
  std::optional<Reply> check_message(const mail::Envelope&) override { return message_policy; }
  Trace begin(const mail::Envelope& envelope) override {
    envelopes.push_back(envelope);
    body.clear();
    journal.emplace_back("begin");
    return {"", "DATE"};
  }
  void write(Octets octets) override { body.append(octets); }
  void end() override {
    journal.push_back("end " + without_trace());
    if (answers_at_once) session->message_accepted("7", *out);
  }
  void abort() override { journal.emplace_back("abort"); }
  std::string without_trace() const {
    const std::size_t date = body.find("DATE\r\n");
    return date == std::string::npos ? body : body.substr(date + 6);
  }
};

struct Dialogue {
  std::string out;
  std::vector<std::string> journal;
  std::vector<mail::Envelope> envelopes;
  std::string body;
  bool closed = false;
  friend bool operator==(const Dialogue&, const Dialogue&) = default;
};

struct Circumstances {
  ServerSettings settings = [] {
    ServerSettings s;
    s.hostname = "mx.example";
    return s;
  }();
  std::optional<Reply> message_policy;
};

inline Dialogue talk_in_pieces(const std::vector<Octets>& pieces, const Circumstances& given) {
  RecordingShell shell;
  ServerSession session(given.settings, shell, shell, "[192.0.2.1]");
  Dialogue dialogue;
  shell.session = &session;
  shell.out = &dialogue.out;
  shell.message_policy = given.message_policy;
  for (const Octets piece : pieces) session.receive(piece, dialogue.out);
  dialogue.journal = shell.journal;
  dialogue.envelopes = shell.envelopes;
  if (!shell.journal.empty() && shell.journal.back().starts_with("end")) dialogue.body = shell.body;
  dialogue.closed = session.closed();
  return dialogue;
}

// The dialogue when all of `input` comes at once; checks that it is the same octet by octet and in any two pieces.
inline Dialogue talk(Octets input, const Circumstances& given = {}) {
  const Dialogue whole = talk_in_pieces({input}, given);
  std::vector<Octets> single;
  for (std::size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
  EXPECT_EQ(talk_in_pieces(single, given), whole);
  for (std::size_t i = 0; i <= input.size(); ++i) {
    if (talk_in_pieces({input.substr(0, i), input.substr(i)}, given) != whole) ADD_FAILURE() << "cut at " << i;
  }
  return whole;
}

// The codes of the replies, "250 250 354"; of a reply with several lines the last.
inline std::string codes(Octets out) {
  std::string codes;
  while (!out.empty()) {
    const Octets line = out.substr(0, out.find("\r\n"));
    out.remove_prefix(line.size() + 2);
    if (line.size() > 3 && line[3] == '-') continue;
    if (!codes.empty()) codes.push_back(' ');
    codes.append(line.substr(0, 3));
  }
  return codes;
}

}  // namespace sluice::smtp
