#include "shown.h"

#include <gtest/gtest.h>

namespace sluice::commands {
namespace {

TEST(Shown, TextStaysAsItIs) {
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("J\xC3\xB6rg \\ <a@x>"), "J\xC3\xB6rg \\ <a@x>");
}

TEST(Shown, ControlCharactersAreWrittenAsNumbers) {
  EXPECT_EQ(shown("\x1B]0;owned\x07\r\n\x7F"), "\\033]0;owned\\007\\015\\012\\177");
  EXPECT_EQ(shown("a\xC2\x9B"
                  "31mb\xC2\xA0"),
            "a\\302\\23331mb\xC2\xA0");
  EXPECT_EQ(shown(std::string(1, '\0') + "\xC2"), "\\000\xC2");
}

}  // namespace
}  // namespace sluice::commands
