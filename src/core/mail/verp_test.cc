#include "core/mail/verp.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

TEST(Verp, EachRecipientGetsAReturnPathOfItsOwn) {
  EXPECT_EQ(return_path_for("list-return-@example.org-@[]", "joe@example.net"),
            "list-return-joe=example.net@example.org");
}

TEST(Verp, AnOrdinarySenderStays) {
  EXPECT_EQ(return_path_for("joe@example.org", "ann@example.net"), "joe@example.org");
  EXPECT_EQ(return_path_for("", "ann@example.net"), "");
}

TEST(Verp, TheSenderOfADoubleBounceIsNoReturnPathOfThisKind) {
  EXPECT_FALSE(verp_base("#@[]"));
  EXPECT_EQ(return_path_for("#@[]", "ann@example.net"), "#@[]");
}

TEST(Verp, AMarkWithoutAnAddressBeforeItMeansNothing) {
  EXPECT_FALSE(verp_base("-@[]"));
  EXPECT_FALSE(verp_base("list-@[]"));
}

TEST(Verp, AnAtSignInTheRecipientsLocalPartStays) {
  EXPECT_EQ(return_path_for("box-@host-@[]", "a@b@c"), "box-a@b=c@host");
}

}  // namespace
}  // namespace sluice::mail
