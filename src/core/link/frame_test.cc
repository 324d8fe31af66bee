#include "core/link/frame.h"

#include <gtest/gtest.h>

namespace sluice::link {
namespace {

std::string frame_of(FrameType type, std::string_view payload) {
  std::string out;
  append_frame(out, type, [&](std::string& to) { to.append(payload); });
  return out;
}

TEST(Frame, ComesBackAsItWasWritten) {
  const std::string wire = frame_of(FrameType::kSubmit, "payload") + frame_of(FrameType::kReload, "");
  const auto first = split_frame(wire);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->consumed, 15u);
  EXPECT_EQ(first->frame.type, FrameType::kSubmit);
  EXPECT_EQ(first->frame.payload, "payload");
  const auto second = split_frame(Octets(wire).substr(first->consumed));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->consumed, 8u);
  EXPECT_EQ(second->frame.type, FrameType::kReload);
}

TEST(Frame, IsNotCompleteBeforeItsLastOctet) {
  const std::string wire = frame_of(FrameType::kQuery, "{}");
  for (std::size_t length = 0; length < wire.size(); ++length) {
    const auto split = split_frame(Octets(wire).substr(0, length));
    ASSERT_TRUE(split);
    EXPECT_EQ(split->consumed, 0u) << length;
  }
}

TEST(Frame, LongerThanTheLimitIsRefusedAtItsHeader) {
  std::string wire = frame_of(FrameType::kSubmitData, "");
  store_le<std::uint32_t>(wire.data(), kMaximumPayload);
  EXPECT_TRUE(split_frame(wire)) << "the limit itself is allowed";
  store_le<std::uint32_t>(wire.data(), kMaximumPayload + 1);
  ASSERT_FALSE(split_frame(wire));
  EXPECT_EQ(split_frame(wire).error(), FrameError::kTooLong);
}

TEST(Frame, UnknownTypeOrReservedBitsAreRefused) {
  std::string wire = frame_of(FrameType::kSubmitEnd, "");
  store_le<std::uint16_t>(wire.data() + 6, 1);
  EXPECT_EQ(split_frame(wire).error(), FrameError::kReserved);
  wire = frame_of(static_cast<FrameType>(9999), "");
  EXPECT_EQ(split_frame(wire).error(), FrameError::kReserved);
}

}  // namespace
}  // namespace sluice::link
