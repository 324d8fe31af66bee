#include "core/mail/trace.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

bool loops(Octets message, const std::string& recipient) {
  DeliveredToWatch watch(recipient);
  watch.read(message);
  return watch.seen();
}

TEST(DeliveryHeader, NamesSenderAndRecipient) {
  EXPECT_EQ(delivery_header("ann@example.org", "bob@example.net"),
            "Return-Path: <ann@example.org>\nDelivered-To: bob@example.net\n");
  EXPECT_EQ(delivery_header("", "bob"), "Return-Path: <>\nDelivered-To: bob\n");
}

TEST(DeliveryHeader, AddressCannotAddALine) {
  EXPECT_EQ(delivery_header("a\nX: y\r@z", "b\x7f"), "Return-Path: <a_X: y_@z>\nDelivered-To: b_\n");
}

TEST(DeliveredTo, OfTheSameMailboxIsALoop) {
  EXPECT_TRUE(loops("A: b\r\nDelivered-To: bob@Example.net\r\n\r\n", "bob@example.net"));
  EXPECT_TRUE(loops("delivered-to:bob@example.net \n\n", "bob@example.net"));
}

TEST(DeliveredTo, OfAnotherMailboxOrInTheBodyIsNoLoop) {
  EXPECT_FALSE(loops("Delivered-To: rob@example.net\n\n", "bob@example.net"));
  EXPECT_FALSE(loops("Delivered-To: Bob@example.net\n\n", "bob@example.net"));
  EXPECT_FALSE(loops("A: b\n\nDelivered-To: bob@example.net\n", "bob@example.net"));
  EXPECT_FALSE(loops("X-Delivered-To: bob@example.net\n\n", "bob@example.net"));
}

TEST(DeliveredTo, IsFoundWhereverThePiecesAreCut) {
  constexpr Octets kMessage = "Received: x\r\n y\r\nDelivered-To: bob@example.net\r\nA: b\r\n\r\nbody";
  for (std::size_t cut = 0; cut <= kMessage.size(); ++cut) {
    DeliveredToWatch watch("bob@example.net");
    watch.read(kMessage.substr(0, cut));
    watch.read(kMessage.substr(cut));
    EXPECT_TRUE(watch.seen()) << cut;
  }
}

TEST(DeliveredTo, EndlessLineCostsLittle) {
  DeliveredToWatch watch("bob@example.net");
  const std::string piece(1 << 16, 'x');
  for (int i = 0; i < 1000; ++i) watch.read(piece);
  watch.read("\nDelivered-To: bob@example.net\n");
  EXPECT_TRUE(watch.seen());
}

}  // namespace
}  // namespace sluice::mail
