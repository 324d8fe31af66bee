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

}  // namespace
}  // namespace sluice::smtp
