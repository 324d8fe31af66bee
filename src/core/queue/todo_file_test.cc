#include "core/queue/todo_file.h"

#include <gtest/gtest.h>

namespace sluice::queue {
namespace {

using namespace std::string_literals;
using State = SubmittedEnvelope::State;

const std::string kHead = "u1000\0p4242\0Fa@X.Example\0"s;

TEST(TodoFile, HoldsWhoQueuedTheMessageItsSenderAndItsRecipients) {
  const auto todo = decode_todo_file(kHead + "Tb@Y.example\0Tc\0"s);
  ASSERT_TRUE(todo) << to_string(todo.error());
  EXPECT_EQ(todo->uid, 1000u);
  EXPECT_EQ(todo->pid, 4242u);
  EXPECT_EQ(todo->envelope.sender, "a@x.example");
  ASSERT_EQ(todo->envelope.recipients.size(), 2u);
  EXPECT_EQ(todo->envelope.recipients[0].address, "b@y.example");
  EXPECT_EQ(todo->envelope.recipients[1].address, "c");
  EXPECT_EQ(todo->envelope.line_form, mail::LineForm::kLf);
  EXPECT_EQ(todo->extra_header, "");
}

TEST(TodoFile, MayHaveExtraHeaderLinesAndCopiesThatArePassedOver) {
  const auto todo = decode_todo_file(kHead + "Tb@y\0eX-Foo: bar\n\0hSubject: x\n\0"s);
  ASSERT_TRUE(todo) << to_string(todo.error());
  EXPECT_EQ(todo->extra_header, "X-Foo: bar\n");
}

TEST(TodoFile, SaysThatAnAddressIsUnicode) {
  EXPECT_TRUE(decode_todo_file(kHead + "Tb\xc3\xa9@y\0"s)->envelope.smtputf8);
  EXPECT_FALSE(decode_todo_file(kHead + "Tb@y\0"s)->envelope.smtputf8);
}

TEST(TodoFile, SurvivesTheWay) {
  const std::string octets = "u1000\0p4242\0Fa@x.example\0Tb@y\0Tc@z\0eX: y\n\0"s;
  EXPECT_EQ(encode_todo_file(decode_todo_file(octets).value()), octets);
}

TEST(TodoFile, ThatIsDamagedIsRefusedWithTheReason) {
  const struct {
    std::string octets;
    TodoError error;
  } rows[] = {
      {"", TodoError::kNoSender},
      {"u1\0p2\0"s, TodoError::kNoSender},
      {kHead, TodoError::kNoRecipient},
      {kHead + "Tb@y", TodoError::kTruncated},
      {kHead + "Tb@y\0\0"s, TodoError::kRecord},
      {kHead + "Xb@y\0"s, TodoError::kRecord},
      {kHead + "Fb@y\0"s, TodoError::kRecord},
      {"Tb@y\0"s + kHead, TodoError::kRecord},
      {"u1\0Fa@x\0Tb@y\0"s, TodoError::kRecord},
      {"u1x\0p2\0Fa@x\0Tb@y\0"s, TodoError::kNumber},
      {"u4294967296\0p2\0Fa@x\0Tb@y\0"s, TodoError::kNumber},
      {kHead + "T\0"s, TodoError::kAddress},
      {kHead + "Tb\n@y\0"s, TodoError::kAddress},
      {kHead + 'T' + std::string(kMaximumTodoAddress + 1, 'x') + '\0', TodoError::kAddress},
      {std::string(kMaximumTodoFile + 1, 'x'), TodoError::kTooLong},
  };
  for (const auto& row : rows) {
    const auto todo = decode_todo_file(row.octets);
    ASSERT_FALSE(todo) << row.octets.substr(0, 60);
    EXPECT_EQ(todo.error(), row.error) << row.octets.substr(0, 60);
  }
}

State read_in_pieces(SubmittedEnvelope& envelope, const std::string& octets, std::size_t size) {
  State state = State::kMore;
  for (std::size_t at = 0; at < octets.size(); at += size) state = envelope.read(Octets(octets).substr(at, size));
  return state;
}

TEST(SubmittedEnvelope, EndsWithASecondZeroAndIgnoresTheRestInPiecesOfAnySize) {
  const std::string octets = "Fa@x\0Tb@Y\0Tc@z\0\0rest"s;
  for (std::size_t size = 1; size <= octets.size(); ++size) {
    SubmittedEnvelope envelope;
    EXPECT_EQ(read_in_pieces(envelope, octets, size), State::kDone);
    const mail::Envelope taken = envelope.take();
    EXPECT_EQ(taken.sender, "a@x");
    ASSERT_EQ(taken.recipients.size(), 2u);
    EXPECT_EQ(taken.recipients[0].address, "b@y");
  }
}

TEST(SubmittedEnvelope, IsJudgedByWhatItSays) {
  const std::string longest(kMaximumTodoAddress, 'x');
  const struct {
    std::string octets;
    State state;
  } rows[] = {
      {"Fa@x\0Tb@y\0"s, State::kMore},
      {"F\0Tb@y\0\0"s, State::kDone},
      {"Fa@x\0\0"s, State::kDone},
      {"Fa@x\0Tb@y\0Q\0"s, State::kDone},
      {"\0"s, State::kFormat},
      {"Ta@x\0"s, State::kFormat},
      {"Fa@x\0Fb@y\0\0"s, State::kFormat},
      {"Fa@x\0T\0\0"s, State::kRefused},
      {"Fa@x\0Tb\r@y\0\0"s, State::kRefused},
      {'F' + longest + "\0Tb@y\0\0"s, State::kDone},
      {'F' + longest + "x\0Tb@y\0\0"s, State::kLongAddress},
      {"Fa@x\0T"s + longest + "x\0\0"s, State::kLongAddress},
  };
  for (const auto& row : rows) {
    SubmittedEnvelope envelope;
    EXPECT_EQ(envelope.read(row.octets), row.state) << row.octets.substr(0, 30);
  }
}

TEST(SubmittedEnvelope, OfMoreThanAMessageMayHaveIsRefused) {
  SubmittedEnvelope envelope;
  State state = envelope.read("Fa@x\0"s);
  const std::string recipient = "Tb@y\0"s;
  while (state == State::kMore) state = envelope.read(recipient);
  EXPECT_EQ(state, State::kTooLarge);
}

}  // namespace
}  // namespace sluice::queue
