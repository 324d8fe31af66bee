#include "core/queue/preprocessed.h"

#include <gtest/gtest.h>

#include "core/queue/envelope_codec.h"

namespace sluice::queue {
namespace {

using namespace std::string_literals;

TEST(PreprocessedMessages, HaveASenderAndPerhapsHeaderLinesInInfo) {
  EXPECT_EQ(decode_info_file("Fa@X.Example\0"s)->sender, "a@x.example");
  EXPECT_EQ(decode_info_file("F\0"s)->sender, "");
  EXPECT_EQ(decode_info_file("F#@[]\0"s)->sender, "#@[]");
  EXPECT_EQ(decode_info_file("Flist-@x.example-@[]\0"s)->sender, "list-@x.example-@[]");
  const auto filtered = decode_info_file("Fa@b\0eX-Spam: yes\n\0hSubject: hi\n\0"s);
  ASSERT_TRUE(filtered);
  EXPECT_EQ(filtered->extra_header, "X-Spam: yes\n");
}

TEST(PreprocessedMessages, MarkTheRecipientsThatAreDone) {
  const auto recipients = decode_recipient_file("Tjoe@x.example\0Dlist-ann@V.example\0"s);
  ASSERT_TRUE(recipients);
  EXPECT_EQ(*recipients, (std::vector<MarkedRecipient>{{"joe@x.example", false}, {"list-ann@v.example", true}}));
  EXPECT_TRUE(decode_recipient_file("")->empty());
}

TEST(PreprocessedMessages, ThatAreMalformedAreRefused) {
  const std::pair<std::string, PreprocessedError> infos[] = {
      {"", PreprocessedError::kNoSender},
      {"Fa@b", PreprocessedError::kTruncated},
      {"Fa@b\0Fa@b\0"s, PreprocessedError::kRecord},
      {"Ta@b\0"s, PreprocessedError::kRecord},
      {"Fa\n@b\0"s, PreprocessedError::kAddress},
      {"\0"s, PreprocessedError::kRecord},
      {std::string(kMaximumPreprocessedFile + 1, 'F'), PreprocessedError::kTooLong},
  };
  for (const auto& [octets, error] : infos) EXPECT_EQ(decode_info_file(octets).error(), error) << octets;
  const std::pair<std::string, PreprocessedError> recipients[] = {
      {"Ta@b", PreprocessedError::kTruncated},
      {"T\0"s, PreprocessedError::kAddress},
      {"Xa@b\0"s, PreprocessedError::kRecord},
      {"T" + std::string(kMaximumField + 1, 'x') + '\0', PreprocessedError::kAddress},
  };
  for (const auto& [octets, error] : recipients) EXPECT_EQ(decode_recipient_file(octets).error(), error) << octets;
}

TEST(BounceFiles, HoldATextForEachFailedRecipient) {
  const auto records = decode_bounce_file("<a@b>:\nno such user\nreally\n\n<c@D>:\ntoo long here\n\n");
  EXPECT_EQ(records, (std::vector<BounceRecord>{{"a@b", "no such user\nreally\n"}, {"c@d", "too long here\n"}}));
}

TEST(BounceFiles, AreToldWhateverTheyHold) {
  EXPECT_TRUE(decode_bounce_file("").empty());
  EXPECT_EQ(decode_bounce_file("rubbish"), (std::vector<BounceRecord>{{"", "rubbish\n"}}));
  EXPECT_EQ(decode_bounce_file("<a@b>:"), (std::vector<BounceRecord>{{"a@b", ""}}));
  EXPECT_EQ(decode_bounce_file("<a\tb>:\nx\n\nmore\n\n"), (std::vector<BounceRecord>{{"a?b", "x\nmore\n"}}));
}

TEST(PreprocessedMessages, AreWrittenAsTheyAreRead) {
  const InfoFile info{"a@b.example", "X: y\n"};
  EXPECT_EQ(decode_info_file(encode_info_file(info)).value(), info);
  const std::vector<MarkedRecipient> recipients{{"a@b", true}, {"c@d", false}};
  EXPECT_EQ(decode_recipient_file(encode_recipient_file(recipients)).value(), recipients);
  const std::vector<BounceRecord> bounce{{"a@b", "no\nno\n"}, {"c@d", "never\n"}};
  EXPECT_EQ(decode_bounce_file(encode_bounce_file(bounce)), bounce);
  EXPECT_EQ(encode_bounce_file({{"a@b", "one\n\nInjected:\n\n"}}), "<a@b>:\none\n/Injected:\n/\n\n");
}

}  // namespace
}  // namespace sluice::queue
