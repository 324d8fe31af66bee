#include "core/mail/precedence.h"

#include <gtest/gtest.h>

namespace sluice::mail {
namespace {

Importance of(int precedence, Urgency urgency) { return {static_cast<std::int8_t>(precedence), urgency}; }

TEST(Precedence, NamesAClassAndWithItTheUrgency) {
  EXPECT_EQ(importance_of("special-delivery", {}), of(100, Urgency::kUrgent));
  EXPECT_EQ(importance_of("first-class", {}), of(0, Urgency::kNormal));
  EXPECT_EQ(importance_of("list", {}), of(-30, Urgency::kNonUrgent));
  EXPECT_EQ(importance_of("BULK", {}), of(-60, Urgency::kNonUrgent));
  EXPECT_EQ(importance_of("Junk", {}), of(-100, Urgency::kNonUrgent));
}

TEST(Precedence, OfAnUnknownWordIsThatOfOrdinaryMail) {
  for (const char* word : {"", "bulky", "list bulk", "100", "-100"})
    EXPECT_EQ(importance_of(Octets(word), {}), Importance{}) << word;
}

TEST(Precedence, MayHaveNamesOfItsOwn) {
  const PrecedenceName names[] = {{"express", 7}, {"never", -5000}};
  EXPECT_EQ(importance_of("Express", {}, names), of(7, Urgency::kUrgent));
  EXPECT_EQ(importance_of("never", {}, names).precedence, -100);
  EXPECT_EQ(importance_of("bulk", {}, names), Importance{});
}

TEST(Priority, OverridesTheUrgencyAndNotTheClass) {
  EXPECT_EQ(importance_of("bulk", "urgent"), of(-60, Urgency::kUrgent));
  EXPECT_EQ(importance_of("bulk", "Normal"), of(-60, Urgency::kNormal));
  EXPECT_EQ(importance_of({}, "non-urgent"), of(0, Urgency::kNonUrgent));
  EXPECT_EQ(importance_of("bulk", "whenever"), of(-60, Urgency::kNonUrgent));
}

TEST(ImportanceOfAMessage, ComesFromTheFirstFieldsOfItsHeader) {
  EXPECT_EQ(importance_of_message("Subject: x\nprecedence:\n bulk \nPrecedence: junk\nPRIORITY: urgent\n\nx\n"),
            of(-60, Urgency::kUrgent));
  EXPECT_EQ(importance_of_message("Subject: x\r\n\r\nPrecedence: bulk\r\n"), Importance{}) << "that is body";
  EXPECT_EQ(importance_of_message(""), Importance{});
}

TEST(WhoHearsOfDelay, IsWhoeverSentOrdinaryMail) {
  EXPECT_TRUE(hears_of_delay("ann@example.org", 0));
  EXPECT_TRUE(hears_of_delay("ann@example.org", 100));
  EXPECT_TRUE(hears_of_delay("downer-list@example.org", 0));
  EXPECT_FALSE(hears_of_delay("ann@example.org", -1));
  EXPECT_FALSE(hears_of_delay("", 0));
  EXPECT_FALSE(hears_of_delay("owner-list@example.org", 0));
  EXPECT_FALSE(hears_of_delay("list-Request@example.org", 0));
}

}  // namespace
}  // namespace sluice::mail
