#include "core/route/lmtp_routes.h"

#include <gtest/gtest.h>

#include "core/route/smtp_routes.h"

namespace sluice::route {
namespace {

std::string destination(std::vector<std::string> lines, std::string_view address) {
  return std::string(LmtpRoutes::build(lines).value().destination(address));
}

TEST(LmtpRoutes, NameTheHostAndPortOrTheSocket) {
  EXPECT_EQ(destination({"x.test:Store"}, "a@X.test"), "[store]:24");
  EXPECT_EQ(destination({"x.test:127.0.0.1:2400"}, "a@x.test"), "[127.0.0.1]:2400");
  EXPECT_EQ(destination({"x.test:[2001:db8::1]:2400"}, "a@x.test"), "[2001:db8::1]:2400");
  EXPECT_EQ(destination({"x.test:/run/dovecot/Lmtp"}, "a@x.test"), "/run/dovecot/Lmtp");
  EXPECT_EQ(destination({"x.test:store"}, "a@y.test"), "");
  EXPECT_EQ(destination({"x.test:store"}, "a"), "");
}

TEST(LmtpRoutes, TheMostSpecificLineCounts) {
  const std::vector<std::string> lines{"ann@x.test:/ann", "x.test:/x", ".x.test:/below", ".a.x.test:", "bob@x.test:"};
  EXPECT_EQ(destination(lines, "Ann@x.test"), "/ann");
  EXPECT_EQ(destination(lines, "eve@x.test"), "/x");
  EXPECT_EQ(destination(lines, "eve@b.x.test"), "/below");
  EXPECT_EQ(destination(lines, "eve@b.a.x.test"), "");
  EXPECT_EQ(destination(lines, "bob@x.test"), "");
}

TEST(LmtpRoutes, TheirHostsCanBeReadBackAsRelays) {
  const auto parsed = parse_destination(destination({"x.test:store:2400"}, "a@x.test"));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (Destination{true, "store", 2400}));
}

TEST(LmtpRoutes, LinesThatCannotBeUnderstoodAreNamed) {
  for (const char* line : {"x.test", ":store", "x.test:store:25", "x.test:store:0", "x.test:st ore", "@x.test:store",
                           "x.test:/a b", "x.test:[::1"}) {
    const auto routes = LmtpRoutes::build(std::vector<std::string>{"# ours", line});
    ASSERT_FALSE(routes) << line;
    EXPECT_EQ(routes.error().list, "lmtproutes");
    EXPECT_EQ(routes.error().line, 2u);
  }
  const std::vector<std::string> long_path{"x.test:/" + std::string(107, 'x')};
  EXPECT_FALSE(LmtpRoutes::build(long_path));
}

}  // namespace
}  // namespace sluice::route
