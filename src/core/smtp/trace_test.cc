#include "core/smtp/trace.h"

#include <gtest/gtest.h>

namespace sluice::smtp {
namespace {

TEST(Received, SaysFromWhomByWhomHowAndWhen) {
  std::string header;
  append_received(header, {"mail.example", "[192.0.2.1]", "mx.example", "ESMTP", "77", "joe@x.example", "DATE"});
  EXPECT_EQ(header,
            "Received: from mail.example ([192.0.2.1])\r\n\tby mx.example with ESMTP id 77\r\n\tfor "
            "<joe@x.example>;\r\n\tDATE\r\n");
}

std::size_t hops(Octets message) {
  HopCounter whole;
  whole.feed(message);
  HopCounter single;
  for (std::size_t i = 0; i < message.size(); ++i) single.feed(message.substr(i, 1));
  EXPECT_EQ(single.hops(), whole.hops());
  return whole.hops();
}

TEST(Hops, AreTheReceivedFieldsOfTheHeaderOnly) {
  EXPECT_EQ(hops("Received: a\r\nreceived:b\r\n\tReceived: folded\r\nX-Received: c\r\n\r\nReceived: body\r\n"), 2u);
  EXPECT_EQ(hops("\r\nReceived: body\r\n"), 0u);
  EXPECT_EQ(hops("Receive\r\nReceived: a"), 1u);
  EXPECT_EQ(hops(""), 0u);
}

}  // namespace
}  // namespace sluice::smtp
