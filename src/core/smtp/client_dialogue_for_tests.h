// Test helpers for the client session: jobs, and a fixture that plays the server.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/smtp/client_session.h"

namespace sluice::smtp {

inline constexpr Octets kRichEhlo = "250-mx\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
inline constexpr Octets kPoorEhlo = "250 mx\r\n";

inline Job job_to(std::vector<std::string> recipients, std::uint64_t size = 100) {
  Job job;
  job.envelope.sender = "a@b.example";
  for (std::string& address : recipients) job.envelope.recipients.push_back({std::move(address), 0, ""});
  job.size = size;
  return job;
}

inline constexpr Octets kDsnEhlo = "250-mx\r\n250-PIPELINING\r\n250 DSN\r\n";

inline Job job_with_dsn() {
  Job job = job_to({"x@y.example"}, 0);
  job.envelope.ret = mail::Return::kHeaders;
  job.envelope.envelope_id = "QQ";
  job.envelope.recipients[0].notify = mail::notify::kSuccess | mail::notify::kDelay;
  job.envelope.recipients[0].original_recipient = "rfc822;first@y.example";
  return job;
}

// A session whose server is the test.
struct Client : ::testing::Test {
  ClientSession session{"me.example"};
  std::string out;
  std::string hear(Octets octets) {
    session.receive(octets, out);
    return std::exchange(out, {});
  }
  std::string start(Job job) {
    session.start(std::move(job), out);
    return std::exchange(out, {});
  }
  void greet(Octets ehlo) {
    hear("220 mx\r\n");
    hear(ehlo);
    ASSERT_TRUE(session.ready());
  }
  // "K250 Z450" and so on, one word a recipient
  std::string outcomes() {
    EXPECT_TRUE(session.done());
    std::string words;
    for (const mail::Outcome& o : session.take_outcomes()) {
      if (!words.empty()) words.push_back(' ');
      words.push_back(static_cast<char>(o.verdict));
      words.append(std::to_string(o.reply));
      last = o;
    }
    return words;
  }
  mail::Outcome last;
};

}  // namespace sluice::smtp
