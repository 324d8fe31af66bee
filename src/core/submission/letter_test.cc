#include "core/submission/letter.h"

#include <gmock/gmock.h>

namespace sluice::submission {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LetterRules rules() {
  LetterRules rules;
  rules.names = {"mx.example.org", "example.org", "example.org", "mx.example.org"};
  rules.take_recipients = true;
  rules.author = "me@mx.example.org";
  rules.date = "DATE";
  rules.message_id = "<id@mx.example.org>";
  return rules;
}

Letter prepared(Octets fields, const LetterRules& with = rules()) {
  auto letter = prepare_letter(fields, with);
  if (letter) return *letter;
  ADD_FAILURE() << letter.error();
  return {};
}

constexpr Octets kComplete = "From: a@x.test\nDate: D\nMessage-ID: <i>\n";
std::string complete(Octets more) { return std::string(kComplete).append(more); }

TEST(Letter, WhatIsMissingIsAdded) {
  EXPECT_EQ(prepared("Subject: hi\n").header,
            "Subject: hi\nFrom: me@mx.example.org\nDate: DATE\nMessage-ID: <id@mx.example.org>\n\n");
  EXPECT_EQ(prepared(kComplete).header, complete("\n"));
}

TEST(Letter, NothingIsAddedToMailOfAGateway) {
  LetterRules with = rules();
  with.add_missing = false;
  EXPECT_EQ(prepared("Subject: hi\n", with).header, "Subject: hi\n\n");
}

TEST(Letter, RecipientsComeFromToCcAndBccEachOnce) {
  const Letter letter = prepared(complete("To: a, b@x.test\nCC: a@mx.example.org,\n c\nbcc : d@x.test\n"));
  EXPECT_THAT(letter.recipients, ElementsAre("a@mx.example.org", "b@x.test", "c@mx.example.org", "d@x.test"));
}

TEST(Letter, BccReturnPathAndContentLengthDoNotTravel) {
  const Letter letter = prepared(complete("Bcc: secret@x.test\nReturn-Path: <bounce@x.test>\nContent-Length: 5\n"));
  EXPECT_EQ(letter.header, complete("\n"));
  EXPECT_EQ(letter.return_path, "bounce@x.test");
  EXPECT_EQ(letter.author, "a@x.test");
}

TEST(Letter, ResentFieldsWinAndAreWhatIsCompleted) {
  const Letter letter = prepared("To: a@x.test\nBcc: b@x.test\nresent-to: c@x.test\nResent-Bcc: d\n");
  EXPECT_THAT(letter.recipients, ElementsAre("c@x.test", "d@mx.example.org"));
  EXPECT_EQ(letter.header,
            "To: a@x.test\nresent-to: c@x.test\nResent-From: me@mx.example.org\nResent-Date: DATE\n"
            "Resent-Message-ID: <id@mx.example.org>\n\n");
}

TEST(Letter, AddressesAreCompletedInEveryFieldThatHasThem) {
  EXPECT_EQ(prepared(complete("To: joe (x)\nReply-To:\n bob@y\nSubject: joe\n")).header,
            complete("To: joe@mx.example.org (x)\nReply-To:\n bob@y.example.org\nSubject: joe\n\n"));
}

TEST(Letter, RecipientFieldsThatCannotBeReadRefuseTheMessage) {
  EXPECT_EQ(prepare_letter("To: joe (x\n", rules()).error(),
            "the To field cannot be read: a comment has no closing parenthesis");
  EXPECT_EQ(prepare_letter("Bcc: joe@x..y\n", rules()).error(),
            "the Bcc field cannot be read: joe@x..y is not a mail address");
}

TEST(Letter, OtherFieldsThatCannotBeReadStayAsTheyAreUnlessWeAreStrict) {
  LetterRules with = rules();
  EXPECT_EQ(prepared("From: a b\nDate: D\nMessage-ID: <i>\n", with).header, "From: a b\nDate: D\nMessage-ID: <i>\n\n");
  with.take_recipients = false;
  EXPECT_THAT(prepared("To: joe (x\n", with).header, HasSubstr("To: joe (x\n"));
  with.strict = true;
  EXPECT_FALSE(prepare_letter("To: joe (x\n", with));
  EXPECT_FALSE(prepare_letter("From: a b\n", with));
}

TEST(Letter, FromAndMessageIdAreReplacedOnRequest) {
  LetterRules with = rules();
  with.drop_from = with.drop_message_id = true;
  const Letter letter = prepared(kComplete, with);
  EXPECT_EQ(letter.header, "Date: D\nFrom: me@mx.example.org\nMessage-ID: <id@mx.example.org>\n\n");
}

TEST(Letter, NobodyIsNamedOnlyWhereNoFieldShowsARecipient) {
  LetterRules with = rules();
  with.name_nobody = true;
  EXPECT_THAT(prepared(complete("Bcc: a@x.test\n"), with).header, HasSubstr("Cc: recipient list not shown: ;\n"));
  EXPECT_THAT(prepared(complete("To: a@x.test\n"), with).header, Not(HasSubstr("not shown")));
}

TEST(Letter, MailToAListSaysWhereFollowUpsGo) {
  LetterRules with = rules();
  with.mailing_lists = {"List@x.test"};
  EXPECT_THAT(prepared(complete("To: list@x.test\nCc: bob\n"), with).header,
              HasSubstr("Mail-Followup-To: list@x.test,\n  bob@mx.example.org\n"));
  EXPECT_THAT(prepared(complete("To: bob@x.test\n"), with).header, Not(HasSubstr("Followup")));
  EXPECT_THAT(prepared(complete("To: list@x.test\nMail-Followup-To: me@x.test\n"), with).header,
              HasSubstr("Followup-To: me@x.test\n\n"));
}

TEST(Letter, WithoutRecipientsWantedNoneAreTaken) {
  LetterRules with = rules();
  with.take_recipients = false;
  EXPECT_THAT(prepared(complete("To: a@x.test\nBcc: b@x.test\n"), with).recipients, IsEmpty());
}

}  // namespace
}  // namespace sluice::submission
