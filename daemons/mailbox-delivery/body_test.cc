#include "body.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace sluice::mailbox_delivery {
namespace {

constexpr const char* kMessage =
    "Received: a\r\nDelivered-To: joe@example.org\r\nSubject: x\r\n\r\nDelivered-To: ann@x\r\n";

os::Fd file_of(const std::string& text) {
  os::Fd file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return file;
}

std::string content(int file) {
  std::string text(1 << 20, '\0');
  const ssize_t count = ::read(file, text.data(), text.size());
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return text;
}

TEST(Body, IsTheSameInMemoryAndInAFile) {
  const Body memory(Octets(kMessage), mail::LineForm::kCrlf), file(file_of(kMessage), mail::LineForm::kCrlf);
  for (const Body* body : {&memory, &file, &file}) {
    const auto lf = as_file("Top: t\n", *body);
    ASSERT_TRUE(lf);
    EXPECT_EQ(content(lf->get()),
              "Top: t\nReceived: a\nDelivered-To: joe@example.org\nSubject: x\n\nDelivered-To: ann@x\n");
  }
}

TEST(Body, FindsALoopInTheHeaderOnly) {
  const Body body(Octets(kMessage), mail::LineForm::kCrlf);
  EXPECT_EQ(hops_of(body, "joe@example.org")->count, 2u);
  EXPECT_TRUE(hops_of(body, "joe@example.org")->been_here);
  EXPECT_FALSE(hops_of(body, "ann@x")->been_here);
}

TEST(Body, FindsALoopFarDownInALongHeader) {
  std::string message;
  for (int i = 0; i < 5000; ++i) message += "X-Filler: 0123456789012345678901234567890\n";
  const Body body(file_of(message + "Delivered-To: joe@example.org\n\nx\n"), mail::LineForm::kLf);
  EXPECT_TRUE(hops_of(body, "joe@example.org")->been_here);
}

TEST(Body, OfNothingHasNoHops) {
  const Body body(Octets{}, mail::LineForm::kLf);
  EXPECT_EQ(hops_of(body, "joe@example.org")->count, 0u);
}

}  // namespace
}  // namespace sluice::mailbox_delivery
