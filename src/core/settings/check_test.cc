#include "core/settings/check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::settings {
namespace {

struct Case {
  Check check;
  std::vector<std::string> good, bad;
};

TEST(Checks, TakeWhatTheirNameSaysAndNothingElse) {
  const std::vector<Case> cases{
      {check_host_name,
       {"mail.example.org", "localhost", "[192.0.2.1]", "[2001:db8::1]", "xn--bcher-kva.example"},
       {"", ".", "a..b", ".org", "a b", "a/b", "[x]", "host.", std::string(64, 'a'), std::string(300, 'a'),
        "b\xc3\xbc.example"}},
      {check_domain, {"example.org", "b\xc3\xbc.example"}, {"", "a b"}},
      {check_domain_or_suffix, {"example.org", ".example.org"}, {"", ".", "..org", "*.org"}},
      {check_local_part, {"MAILER-DAEMON", "post.master"}, {"", "a@b", "a b", "<a>", std::string(65, 'a')}},
      {check_virtual_domain,
       {"example.org:alias", ".example.org:alias", "joe@example.org:joe", ":catchall", "example.org:"},
       {"example.org", "", "@example.org:x", "joe@:x", "a b:c"}},
      {check_smtp_route,
       {"a.test:127.0.0.1:3626", ".a.test:relay.example.org", ":relay", "a.test:", "a.test:[::1]:25", "a.test:[::1]",
        "a.test:relay:", "a.test::2525", "a.test:[IPv6:2001:db8::1]:25"},
       {"", "a.test", "a.test:relay:0", "a.test:relay:x", "a.test:[::1:25", "a.test:[::1]25", "a b:c", "a.test:r/x"}},
      {check_lmtp_route,
       {"a.test:127.0.0.1:2400", "a.test:store", ".a.test:/run/dovecot/lmtp", "joe@a.test:[::1]:24",
        "a.test:", "a.test:store:"},
       {"", "a.test", ":store", "a.test:store:25", "a.test:127.0.0.1:0", "a.test:/a b", "@a.test:/x", "a.test::24",
        "a.test:/" + std::string(107, 'x')}},
      {check_resolver, {"192.0.2.53", "127.0.0.1@5353", "::1@5353"}, {"", "ns.example.org", "127.0.0.1:53", "::1@0"}},
      {check_delivery,
       {"./Maildir/", "/var/mail/x/", "./Mailbox", "|procmail -f -", "&joe@example.org", "joe",
        "# both\n./Mailbox\n|x"},
       {"", "# nothing", "-x", "./a\n?", std::string("./a\0b", 5)}},
      {check_ipc_prefix, {"", "east-", "a.b_1"}, {"a/b", "a b", "b\xc3\xbc", std::string(65, 'a')}},
      {check_line, {"mail.example.org ESMTP", ""}, {"a\nb", "a\tb", "b\xc3\xbc"}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const auto& text : cases[i].good) EXPECT_FALSE(cases[i].check(text)) << i << ": " << text;
    for (const auto& text : cases[i].bad) EXPECT_TRUE(cases[i].check(text)) << i << ": " << text;
  }
}

TEST(Checks, NameThePlaceOfTheMistake) {
  EXPECT_EQ(check_host_name("mail.ex ample")->at, 7u);
  EXPECT_EQ(check_smtp_route("a.test:relay:99999")->at, 13u);
  EXPECT_EQ(check_smtp_route("a.test:[::1]:x")->at, 13u);
  EXPECT_EQ(check_virtual_domain("joe@exa mple:x")->at, 7u);
}

}  // namespace
}  // namespace sluice::settings
