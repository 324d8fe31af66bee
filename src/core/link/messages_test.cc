#include "core/link/messages.h"

#include <gtest/gtest.h>

#include "core/queue/envelope_codec.h"

namespace sluice::link {
namespace {

const queue::MessageId kId{0x1122334455667788};
const queue::BodyRef kJournalBody{queue::BodyRef::Storage::kJournal, 65536, 4096, 123456};
const queue::BodyRef kFileBody{queue::BodyRef::Storage::kFile, 991, 0, 1u << 20};

template <class Message>
std::string encoded(const Message& message) {
  std::string out;
  message.encode(out);
  return out;
}

// Decodes, checks that encoding again gives the same octets, and that no proper prefix and no longer payload decodes
// unless the last field runs to the end of the payload.
template <class Message>
Message round_trip(const std::string& payload, bool open_ended) {
  const auto decoded = Message::decode(payload);
  EXPECT_TRUE(decoded);
  if (!decoded) return {};
  EXPECT_EQ(encoded(*decoded), payload);
  if (!open_ended) {
    for (std::size_t n = 0; n < payload.size(); ++n) EXPECT_FALSE(Message::decode(Octets(payload).substr(0, n))) << n;
    EXPECT_FALSE(Message::decode(payload + 'x'));
  }
  return *decoded;
}

mail::Envelope sample_envelope() {
  mail::Envelope envelope;
  envelope.sender = "alice@example.org";
  envelope.client = "[192.0.2.1]";
  return envelope;
}

TEST(Hello, SurvivesTheWay) {
  Hello hello;
  hello.role = Role::kRemoteDelivery;
  hello.pid = 77;
  hello.limit = 120;
  const auto back = round_trip<Hello>(encoded(hello), false);
  EXPECT_EQ(back.role, Role::kRemoteDelivery);
  EXPECT_EQ(back.pid, 77u);
  EXPECT_EQ(back.limit, 120u);
}

TEST(Hello, WithAnUnknownRoleIsMalformed) {
  std::string payload = encoded(Hello{});
  payload[2] = static_cast<char>(static_cast<std::uint8_t>(Role::kRemoteDelivery) + 1);
  EXPECT_FALSE(Hello::decode(payload));
}

TEST(Submit, KeepsEnvelopeAndBodyContiguous) {
  Submit submit;
  submit.token = 5;
  submit.envelope = "ENVELOPE";
  submit.body = "body\r\n";
  const std::string payload = encoded(submit);
  EXPECT_EQ(payload.substr(12), "ENVELOPEbody\r\n");
  const auto back = round_trip<Submit>(payload, true);
  EXPECT_EQ(back.envelope.end(), back.body.begin());
}

TEST(Submit, WithAnEnvelopeLengthBeyondThePayloadIsMalformed) {
  std::string payload = encoded(Submit{1, "envelope", ""});
  store_le<std::uint32_t>(payload.data() + 8, 9);
  EXPECT_FALSE(Submit::decode(payload));
}

TEST(SubmitFor, SurvivesTheWay) {
  const auto back = round_trip<SubmitFor>(encoded(SubmitFor{1000, 4242}), false);
  EXPECT_EQ(back.uid, 1000u);
  EXPECT_EQ(back.pid, 4242u);
  EXPECT_FALSE(back.arrival);
  const WallTime before = wall_from_millis(1767225600123);
  EXPECT_EQ(SubmitFor::decode(encoded(SubmitFor{1000, 4242, before}))->arrival, before);
  EXPECT_FALSE(SubmitFor::decode(encoded(SubmitFor{1000, 4242, before}).substr(0, 15)));
}

TEST(Adopt, SurvivesTheWayThereAndBack) {
  const std::string there = encoded(Adopt{991, 17, wall_from_millis(1767225600123), 1000, 4242, "X: y\n", "E"});
  const auto adopt = round_trip<Adopt>(there, true);
  EXPECT_EQ(adopt.extra_header, "X: y\n");
  EXPECT_EQ(adopt.inode, 991u);
  EXPECT_EQ(adopt.part, 17u);
  EXPECT_EQ(to_millis(adopt.arrival), 1767225600123);
  EXPECT_EQ(adopt.uid, 1000u);
  EXPECT_EQ(adopt.pid, 4242u);
  EXPECT_EQ(adopt.envelope, "E");
  const std::string back = encoded(Adopted{991, 17, Adopted::Verdict::kRefused, "why"});
  const auto adopted = round_trip<Adopted>(back, true);
  EXPECT_EQ(adopted.verdict, Adopted::Verdict::kRefused);
  EXPECT_EQ(adopted.text, "why");
}

TEST(SubmissionInPieces, SurvivesTheWay) {
  EXPECT_EQ(round_trip<SubmitOpen>(encoded(SubmitOpen{1, "envelope"}), true).envelope, "envelope");
  EXPECT_EQ(round_trip<SubmitData>(encoded(SubmitData{2, "octets"}), true).octets, "octets");
  EXPECT_EQ(round_trip<SubmitEnd>(encoded(SubmitEnd{3}), false).token, 3u);
  EXPECT_EQ(round_trip<SubmitAbort>(encoded(SubmitAbort{4}), false).token, 4u);
}

TEST(AnswersToASubmission, SurviveTheWay) {
  EXPECT_EQ(round_trip<Submitted>(encoded(Submitted{7, kId}), false).id, kId);
  const std::string payload = encoded(SubmitRefused{7, true, "no space"});
  const auto refused = round_trip<SubmitRefused>(payload, true);
  EXPECT_TRUE(refused.permanent);
  EXPECT_EQ(refused.text, "no space");
}

TEST(MessagesAboutBodies, SurviveTheWay) {
  EXPECT_EQ(round_trip<Relocate>(encoded(Relocate{kId, kJournalBody, {}}), true).body, kJournalBody);
  EXPECT_EQ(round_trip<Relocate>(encoded(Relocate{kId, kFileBody, "X-A: b\n"}), true).extra_header, "X-A: b\n");
  EXPECT_TRUE(round_trip<Relocated>(encoded(Relocated{kId, true, kJournalBody}), false).moved);
  EXPECT_EQ(round_trip<Resume>(encoded(Resume{queue::Lsn{9}}), false).from, queue::Lsn{9});
  EXPECT_EQ(round_trip<Remove>(encoded(Remove{queue::BodyRef::Storage::kFile, 991}), false).segment, 991u);
  EXPECT_TRUE(round_trip<Removed>(encoded(Removed{queue::BodyRef::Storage::kFile, 991, true}), false).gone);
}

TEST(Announce, SurvivesTheWay) {
  Announce announce{kId, queue::Lsn{88}, wall_from_millis(1767225600123), 1000, 4242, kFileBody, "envelope"};
  const std::string payload = encoded(announce);
  const auto back = round_trip<Announce>(payload, true);
  EXPECT_EQ(back.arrival, announce.arrival);
  EXPECT_EQ(back.body, kFileBody);
  EXPECT_EQ(back.envelope, "envelope");
}

Admit sample_admit() {
  Admit admit;
  admit.id = kId;
  admit.next = queue::Lsn{640};
  admit.arrival = wall_from_millis(1767225600123);
  admit.body = kJournalBody;
  admit.envelope = sample_envelope();
  admit.routed.push_back({Channel::kLocal, {"bob@example.net", 0, ""}});
  admit.routed.push_back({Channel::kRemote, {"carol@example.com", mail::notify::kNever, "rfc822;carol"}});
  return admit;
}

TEST(Admit, KeepsChannelsBesideRecipients) {
  const auto back = round_trip<Admit>(encoded(sample_admit()), true);
  ASSERT_EQ(back.routed.size(), 2u);
  EXPECT_EQ(back.routed[0].channel, Channel::kLocal);
  EXPECT_EQ(back.routed[1].channel, Channel::kRemote);
  EXPECT_EQ(back.routed[1].recipient, (mail::Recipient{"carol@example.com", mail::notify::kNever, "rfc822;carol"}));
  EXPECT_TRUE(back.envelope.recipients.empty());
  EXPECT_EQ(back.envelope.sender, "alice@example.org");
}

TEST(Admit, WithMoreChannelsThanRecipientsIsMalformed) {
  Admit admit = sample_admit();
  std::string payload = encoded(admit);
  admit.routed.pop_back();
  std::string shorter = encoded(admit);
  const std::size_t counted = 8 + 8 + 8 + 4 + 4 + queue::kEncodedBodyRef;
  EXPECT_FALSE(Admit::decode(payload.substr(0, counted + 4 + 2) + shorter.substr(counted + 4 + 1)));
}

TEST(Admit, WithAnUnknownChannelIsMalformed) {
  std::string payload = encoded(sample_admit());
  payload[8 + 8 + 8 + 4 + 4 + queue::kEncodedBodyRef + 4] = 3;
  EXPECT_FALSE(Admit::decode(payload));
}

TEST(Unreadable, SurvivesTheWay) {
  EXPECT_EQ(round_trip<Unreadable>(encoded(Unreadable{kId, queue::Lsn{3}, "why"}), true).text, "why");
}

TEST(Reload, HasNoPayload) { round_trip<Reload>("", false); }

TEST(Deliver, SurvivesTheWay) {
  Deliver deliver;
  deliver.attempt = 12;
  deliver.id = kId;
  deliver.body = kJournalBody;
  deliver.channel = Channel::kLocal;
  deliver.destination = "bob@example.net";
  deliver.watcher = 77;
  deliver.first_attempt = true;
  deliver.timeouts[mail::ClientWait::kMail] = std::chrono::hours(2);
  deliver.envelope = sample_envelope();
  deliver.envelope.recipients.push_back({"bob@example.net", 0, ""});
  const auto back = round_trip<Deliver>(encoded(deliver), true);
  EXPECT_EQ(back.destination, deliver.destination);
  EXPECT_EQ(back.watcher, 77u);
  EXPECT_TRUE(back.first_attempt);
  EXPECT_EQ(back.timeouts, deliver.timeouts);
  EXPECT_EQ(back.envelope, deliver.envelope);
}

TEST(Deliver, WithABrokenEnvelopeIsMalformed) {
  Deliver deliver;
  deliver.envelope = sample_envelope();
  std::string payload = encoded(deliver);
  payload.pop_back();
  EXPECT_FALSE(Deliver::decode(payload));
}

TEST(Transcript, SurvivesTheWay) {
  const auto back = round_trip<Transcript>(encoded(Transcript{77, "220 mx.example.net ready"}), true);
  EXPECT_EQ(back.watcher, 77u);
  EXPECT_EQ(back.line, "220 mx.example.net ready");
}

TEST(Transcript, WithOctetsThatATerminalWouldObeyIsMalformed) {
  EXPECT_FALSE(Transcript::decode(encoded(Transcript{77, "\x1b[2J"})));
  EXPECT_FALSE(Transcript::decode(encoded(Transcript{77, "one\ntwo"})));
}

TEST(WatchEnd, SurvivesTheWay) { EXPECT_EQ(round_trip<WatchEnd>(encoded(WatchEnd{77}), true).watcher, 77u); }

TEST(Delivered, CarriesOneOutcomeARecipient) {
  Delivered delivered;
  delivered.attempt = 12;
  delivered.outcomes.push_back({mail::Verdict::kDelivered, mail::Trouble::kNone, 250, {2, 0, 0}, "ok"});
  delivered.outcomes.back().reached = mail::Reached::kReporter;
  delivered.outcomes.push_back({mail::Verdict::kFailed, mail::Trouble::kNone, 550, {5, 1, 1}, "no such user"});
  EXPECT_EQ(round_trip<Delivered>(encoded(delivered), false).outcomes, delivered.outcomes);
}

TEST(Delivered, CountBeyondThePayloadIsRefusedWithoutAllocating) {
  std::string payload = encoded(Delivered{1, {mail::Outcome{}}});
  store_le<std::uint32_t>(payload.data() + 8, 0xFFFFFFFF);
  EXPECT_FALSE(Delivered::decode(payload));
  store_le<std::uint32_t>(payload.data() + 8, 0);
  EXPECT_FALSE(Delivered::decode(payload)) << "a result without outcomes says nothing";
}

TEST(Delivered, UnknownVerdictIsMalformed) {
  std::string payload = encoded(Delivered{1, {mail::Outcome{}}});
  payload[12] = 'X';
  EXPECT_FALSE(Delivered::decode(payload));
}

TEST(ControlMessages, CarryTheirTextWhole) {
  EXPECT_EQ(round_trip<Query>("{\"what\":\"status\"}", true).json, "{\"what\":\"status\"}");
  EXPECT_EQ(round_trip<Answer>("{}", true).json, "{}");
  EXPECT_EQ(round_trip<AnswerEnd>("", true).error, "");
}

TEST(AppendMessage, MatchesTheWorkedExampleOfTheFormatPage) {
  std::string wire;
  append_message(wire, Submitted{7, queue::MessageId{1048577024}});
  EXPECT_EQ(wire, std::string("\x10\0\0\0\x14\0\0\0\x07\0\0\0\0\0\0\0\0\x04\x80>\0\0\0\0", 24));
}

TEST(AppendMessage, MakesAFrameOfTheRightType) {
  std::string wire;
  append_message(wire, Submitted{3, kId});
  const auto split = split_frame(wire);
  ASSERT_TRUE(split);
  EXPECT_EQ(split->frame.type, FrameType::kSubmitted);
  EXPECT_TRUE(Submitted::decode(split->frame.payload));
}

}  // namespace
}  // namespace sluice::link
