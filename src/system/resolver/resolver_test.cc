// What the resolver answers without a name server. With one: tests/system/test_mx.py.
#include "system/resolver/resolver.h"

#include <gmock/gmock.h>

namespace sluice::net {
namespace {

using route::Found;
using testing::ElementsAre;

struct Asked {
  Loop loop;
  // Nothing listens on the discard port of this address; a question that is asked there fails or times out.
  Resolver resolver{loop, {{"127.0.0.1@9"}, Duration{100}}};

  route::AddressAnswer addresses(const std::string& host, Resolver::Family family) {
    route::AddressAnswer result;
    const auto question = resolver.find_addresses(host, family, [&](route::AddressAnswer answer) {
      result = std::move(answer);
      loop.stop();
    });
    run();
    return result;
  }
  route::MxAnswer mx(const std::string& domain) {
    route::MxAnswer result;
    const auto question = resolver.find_mx(domain, [&](route::MxAnswer answer) {
      result = std::move(answer);
      loop.stop();
    });
    run();
    return result;
  }
  void run() {
    loop.context().restart();
    loop.run();
  }
};

TEST(Localhost, IsThisMachineInBothFamiliesAndHasNoMx) {
  Asked asked;
  for (const char* name : {"localhost", "LOCALHOST.", "a.localhost"}) {
    EXPECT_THAT(asked.addresses(name, Resolver::Family::kV4).addresses, ElementsAre("127.0.0.1"));
    EXPECT_THAT(asked.addresses(name, Resolver::Family::kV6).addresses, ElementsAre("::1"));
    EXPECT_EQ(asked.mx(name).found, Found::kNoData);
  }
}

TEST(NumericAddresses, AreTheirOwnAnswerInTheirOwnFamily) {
  Asked asked;
  EXPECT_THAT(asked.addresses("192.0.2.1", Resolver::Family::kV4).addresses, ElementsAre("192.0.2.1"));
  EXPECT_EQ(asked.addresses("192.0.2.1", Resolver::Family::kV6).found, Found::kNoData);
  EXPECT_THAT(asked.addresses("2001:db8::1", Resolver::Family::kV6).addresses, ElementsAre("2001:db8::1"));
  EXPECT_EQ(asked.addresses("2001:db8::1", Resolver::Family::kV4).found, Found::kNoData);
}

TEST(NamesThatNoHostCanHave, DoNotExist) {
  Asked asked;
  for (const char* name : {"", "a..b", "a b", "a\\.b", "a@b"}) {
    EXPECT_EQ(asked.mx(name).found, Found::kNoName) << name;
    EXPECT_EQ(asked.addresses(name, Resolver::Family::kV4).found, Found::kNoName) << name;
  }
}

TEST(AQuestionThatNobodyAnswers, EndsWithNotNow) {
  Asked asked;
  const auto answer = asked.mx("x.test");
  EXPECT_EQ(answer.found, Found::kNotNow);
  EXPECT_FALSE(answer.why.empty());
}

TEST(AQuestionThatIsCancelled, IsNotAnswered) {
  Asked asked;
  bool answered = false;
  auto cancelled = asked.resolver.find_mx("localhost", [&](route::MxAnswer) { answered = true; });
  cancelled.reset();
  EXPECT_EQ(asked.mx("localhost").found, Found::kNoData);
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace sluice::net
