#include "received.h"

#include <gtest/gtest.h>

namespace sluice::qmail_queue {
namespace {

Invocation sample() {
  Invocation invocation;
  invocation.uid = 1000;
  invocation.pid = 42;
  invocation.alias_uid = 201;
  invocation.scheduler_uid = 205;
  invocation.host = "mx.example.org";
  invocation.now = wall_from_millis(1'795'314'477'000);
  return invocation;
}

TEST(ReceivedField, NamesTheCallerByItsUid) {
  EXPECT_EQ(received_field(sample()),
            "Received: sluice queue 42 by host mx.example.org\n (invoked by uid 1000); "
            "Sun, 22 Nov 2026 02:27:57 +0000\n");
}

TEST(ReceivedField, NamesTheUsersWithAPartByTheirPart) {
  Invocation invocation = sample();
  invocation.uid = 201;
  EXPECT_NE(received_field(invocation).find("(invoked by alias);"), std::string::npos);
  invocation.uid = 205;
  EXPECT_NE(received_field(invocation).find("(invoked for bounce);"), std::string::npos);
}

TEST(ReceivedField, NamesTheClientOfANetworkServer) {
  Invocation invocation = sample();
  invocation.client = "192.0.2.1";
  EXPECT_NE(received_field(invocation).find("(invoked from network 192.0.2.1, by uid 1000);"), std::string::npos);
}

TEST(ReceivedField, CannotBeMadeToHoldAnotherLine) {
  Invocation invocation = sample();
  invocation.client = "192.0.2.1\nBcc: x";
  invocation.host = "mx\nBcc: x";
  EXPECT_EQ(received_field(invocation).find("Bcc"), std::string::npos);
}

TEST(ReceivedField, HidesHostAndClientOnDemand) {
  Invocation invocation = sample();
  invocation.client = "192.0.2.1";
  invocation.hide_host = true;
  const std::string field = received_field(invocation);
  EXPECT_EQ(field.find("mx.example.org"), std::string::npos);
  EXPECT_EQ(field.find("192.0.2.1"), std::string::npos);
}

}  // namespace
}  // namespace sluice::qmail_queue
