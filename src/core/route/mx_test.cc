#include "core/route/mx.h"

#include <gmock/gmock.h>

#include <set>

namespace sluice::route {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::vector<std::string> kOwn = {"us.test", "helo.us.test"};
const auto kNoneOwn = [](const std::string&) { return false; };

MxAnswer records(std::vector<MxRecord> list) { return {Found::kYes, "", std::move(list)}; }
AddressAnswer addresses(std::vector<std::string> list) {
  return {list.empty() ? Found::kNoData : Found::kYes, "", std::move(list)};
}
AddressAnswer not_now() { return {Found::kNotNow, "SERVFAIL", {}}; }

std::vector<std::string> hosts_of(const std::vector<Exchanger>& exchangers) {
  std::vector<std::string> hosts;
  for (const auto& e : exchangers) hosts.push_back(e.host);
  return hosts;
}
std::vector<std::string> addresses_of(const std::vector<Target>& targets) {
  std::vector<std::string> list;
  for (const auto& t : targets) list.push_back(t.address);
  return list;
}

struct Refusal {
  const char* name;
  MxAnswer answer;
  mail::Verdict verdict;
  mail::EnhancedCode code;
};
class ExchangersOfADomain : public testing::TestWithParam<Refusal> {};

TEST_P(ExchangersOfADomain, AreRefusedWithTheRightCode) {
  const auto chosen = choose_exchangers("x.test", GetParam().answer, kOwn, 1);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().verdict, GetParam().verdict);
  EXPECT_EQ(chosen.error().code, GetParam().code);
  EXPECT_THAT(chosen.error().text, HasSubstr("x.test"));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ExchangersOfADomain,
    testing::Values(
        Refusal{"NoSuchDomain", {Found::kNoName, "", {}}, mail::Verdict::kFailed, {5, 1, 2}},
        Refusal{"NameServiceSilent", {Found::kNotNow, "timed out", {}}, mail::Verdict::kDeferred, {4, 4, 3}},
        Refusal{"NullMx", records({{0, ""}}), mail::Verdict::kFailed, {5, 1, 10}},
        Refusal{"BestIsOurselves", records({{10, "US.test"}, {20, "other.test"}}), mail::Verdict::kFailed, {5, 4, 6}},
        Refusal{"EqualToOurselves", records({{10, "other.test"}, {10, "us.test"}}), mail::Verdict::kFailed, {5, 4, 6}}),
    [](const auto& param) { return param.param.name; });

TEST(ExchangersOfADomainWithoutMx, AreTheDomainItself) {
  const auto chosen = choose_exchangers("x.test", {Found::kNoData, "", {}}, kOwn, 1);
  ASSERT_TRUE(chosen);
  EXPECT_THAT(hosts_of(*chosen), ElementsAre("x.test"));
}

TEST(ExchangersOfADomainWithMx, StandInOrderOfPreference) {
  const auto chosen = choose_exchangers("x.test", records({{30, "c"}, {10, "a"}, {20, "b"}}), kOwn, 7);
  ASSERT_TRUE(chosen);
  EXPECT_THAT(hosts_of(*chosen), ElementsAre("a", "b", "c"));
}

TEST(ExchangersOfEqualPreference, AreChosenInAnyOrderButTheSameForTheSameSeed) {
  const auto answer = records({{10, "a"}, {10, "b"}, {10, "c"}, {20, "last"}});
  std::set<std::string> first;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto chosen = choose_exchangers("x.test", answer, kOwn, seed);
    ASSERT_TRUE(chosen);
    EXPECT_EQ(*chosen, *choose_exchangers("x.test", answer, kOwn, seed));
    EXPECT_EQ(chosen->back().host, "last");
    first.insert(chosen->front().host);
  }
  EXPECT_THAT(first, SizeIs(3));
}

TEST(ABackupExchanger, TriesOnlyWhatIsBetterThanItself) {
  const auto chosen =
      choose_exchangers("x.test", records({{5, "best"}, {10, "us.test"}, {10, "peer"}, {20, "worse"}}), kOwn, 3);
  ASSERT_TRUE(chosen);
  EXPECT_THAT(hosts_of(*chosen), ElementsAre("best"));
}

TEST(ABackupExchanger, KnowsThatItKeepsMailForBetterOnes) {
  EXPECT_TRUE(names_us(records({{5, "best"}, {10, "US.test"}}), kOwn));
  EXPECT_FALSE(names_us(records({{5, "best"}}), kOwn));
}

TEST(ABackupExchanger, WaitsForBetterOnesThatHaveNoAddress) {
  const std::vector<Exchanger> exchangers = {{10, "a"}, {20, "alias-of-us"}};
  const std::vector<Found4And6> answers = {{addresses({}), addresses({})}, {addresses({"127.0.0.1"}), addresses({})}};
  const auto is_own = [](const std::string& address) { return address == "127.0.0.1"; };
  const auto targets = choose_targets("x.test", exchangers, answers, is_own, 1);
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().verdict, mail::Verdict::kDeferred);
  EXPECT_EQ(targets.error().code, (mail::EnhancedCode{4, 4, 4}));
}

TEST(ManyExchangers, AreCutToTheTwentyBest) {
  std::vector<MxRecord> many;
  for (std::uint16_t i = 0; i < 100; ++i) many.push_back({static_cast<std::uint16_t>(99 - i), "h" + std::to_string(i)});
  const auto chosen = choose_exchangers("x.test", records(many), kOwn, 3);
  ASSERT_TRUE(chosen);
  ASSERT_THAT(*chosen, SizeIs(kMostConsidered));
  EXPECT_EQ(chosen->front().host, "h99");
  EXPECT_EQ(chosen->back().host, "h80");
}

TEST(ARootAmongOtherExchangers, IsPassedOver) {
  const auto chosen = choose_exchangers("x.test", records({{0, ""}, {10, "a"}}), kOwn, 3);
  ASSERT_TRUE(chosen);
  EXPECT_THAT(hosts_of(*chosen), ElementsAre("a"));
}

TEST(Targets, TakeTurnsBetweenFamiliesWithinAnExchanger) {
  const std::vector<Exchanger> exchangers = {{10, "a"}, {20, "b"}};
  const std::vector<Found4And6> answers = {{addresses({"192.0.2.1"}), addresses({"2001:db8::1", "2001:db8::2"})},
                                           {addresses({"192.0.2.2"}), addresses({})}};
  const auto targets = choose_targets("x.test", exchangers, answers, kNoneOwn, 1);
  ASSERT_TRUE(targets);
  const auto list = addresses_of(*targets);
  ASSERT_THAT(list, SizeIs(4));
  EXPECT_THAT(list[0], HasSubstr("2001:db8::"));
  EXPECT_EQ(list[1], "192.0.2.1");
  EXPECT_THAT(list[2], HasSubstr("2001:db8::"));
  EXPECT_EQ(targets->back(), (Target{"b", "192.0.2.2"}));
}

TEST(Targets, AreAtMostTenAndLeaveAPlaceForEachExchanger) {
  std::vector<std::string> many;
  for (int i = 1; i <= 30; ++i) many.push_back("192.0.2." + std::to_string(i));
  const std::vector<Exchanger> exchangers = {{10, "a"}, {20, "b"}, {30, "c"}};
  const std::vector<Found4And6> answers = {{addresses(many), addresses({})},
                                           {addresses({"198.51.100.1"}), addresses({})},
                                           {addresses({"203.0.113.1"}), addresses({})}};
  const auto targets = choose_targets("x.test", exchangers, answers, kNoneOwn, 1);
  ASSERT_TRUE(targets);
  ASSERT_THAT(*targets, SizeIs(kMostTargets));
  EXPECT_EQ((*targets)[8].host, "b");
  EXPECT_EQ((*targets)[9].host, "c");
}

TEST(Targets, StopBeforeAnExchangerWithOneOfOurAddresses) {
  const std::vector<Exchanger> exchangers = {{10, "a"}, {20, "peer"}, {20, "alias-of-us"}, {30, "worse"}};
  const std::vector<Found4And6> answers = {{addresses({"192.0.2.1"}), addresses({})},
                                           {addresses({"192.0.2.2"}), addresses({})},
                                           {addresses({"127.0.0.1"}), addresses({})},
                                           {addresses({"192.0.2.3"}), addresses({})}};
  const auto is_own = [](const std::string& address) { return address == "127.0.0.1"; };
  const auto targets = choose_targets("x.test", exchangers, answers, is_own, 1);
  ASSERT_TRUE(targets);
  EXPECT_THAT(addresses_of(*targets), ElementsAre("192.0.2.1"));
  const auto looped = choose_targets("x.test", std::span(exchangers).last(2), std::span(answers).last(2), is_own, 1);
  ASSERT_FALSE(looped);
  EXPECT_EQ(looped.error().code, (mail::EnhancedCode{5, 4, 6}));
}

TEST(TargetsOfHostsWithoutAddresses, ArePermanentlyNone) {
  const std::vector<Exchanger> exchangers = {{10, "a"}};
  const std::vector<Found4And6> answers = {{addresses({}), {Found::kNoName, "", {}}}};
  const auto targets = choose_targets("x.test", exchangers, answers, kNoneOwn, 1);
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().verdict, mail::Verdict::kFailed);
  EXPECT_EQ(targets.error().code, (mail::EnhancedCode{5, 4, 4}));
}

TEST(TargetsOfHostsThatCannotBeLookedUpNow, AreWaitedFor) {
  const std::vector<Exchanger> exchangers = {{10, "gone"}, {20, "silent"}};
  const std::vector<Found4And6> answers = {{addresses({}), addresses({})}, {addresses({}), not_now()}};
  const auto targets = choose_targets("x.test", exchangers, answers, kNoneOwn, 1);
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().verdict, mail::Verdict::kDeferred);
  EXPECT_EQ(targets.error().trouble, mail::Trouble::kUnreachable);
  EXPECT_EQ(targets.error().code, (mail::EnhancedCode{4, 4, 3}));
  EXPECT_THAT(targets.error().text, AllOf(HasSubstr("silent"), HasSubstr("SERVFAIL")));
}

TEST(TargetsOfSeveralHosts, AreTakenFromThoseThatAnswer) {
  const std::vector<Exchanger> exchangers = {{10, "silent"}, {20, "b"}};
  const std::vector<Found4And6> answers = {{not_now(), not_now()}, {addresses({"192.0.2.9"}), not_now()}};
  const auto targets = choose_targets("x.test", exchangers, answers, kNoneOwn, 1);
  ASSERT_TRUE(targets);
  EXPECT_THAT(*targets, ElementsAre(Target{"b", "192.0.2.9"}));
}

std::string wire(std::uint16_t preference, std::string_view labels) {
  std::string rdata = {static_cast<char>(preference >> 8), static_cast<char>(preference & 0xFF)};
  return rdata.append(labels);
}

TEST(AnMxRecord, IsReadFromTheWireInLowerCase) {
  EXPECT_EQ(parse_mx(wire(258, std::string_view("\4Mail\1x\4TEST\0", 13))), (MxRecord{258, "mail.x.test"}));
  EXPECT_EQ(parse_mx(wire(0, std::string_view("\0", 1))), (MxRecord{0, ""}));
}

TEST(AnMxRecord, WithOctetsThatNoHostNameHoldsNamesNoHost) {
  const auto record = parse_mx(wire(1, std::string_view("\3a.b\4test\0", 10)));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->host, "a?b.test");
  EXPECT_FALSE(is_host_name(record->host));
}

TEST(AnMxRecord, ThatIsCutShortOrTooLongIsNone) {
  const std::string good = wire(10, std::string_view("\4mail\1x\4test\0", 13));
  for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(parse_mx(good.substr(0, length)));
  EXPECT_FALSE(parse_mx(good + "x"));
  EXPECT_FALSE(parse_mx(wire(10, std::string_view("\xC0\x0C", 2))));  // compressed
  std::string endless = wire(10, "");
  for (int i = 0; i < 100; ++i) endless += "\4aaaa";
  EXPECT_FALSE(parse_mx(endless + std::string(1, '\0')));
}

TEST(AHostName, HasLabelsOfLettersDigitsHyphensAndUnderscores) {
  for (const char* good : {"x", "x.test", "X-1.test.", "_dmarc.x.test"}) EXPECT_TRUE(is_host_name(good)) << good;
  for (const char* bad : {"", ".", "x..test", ".x", "x test", "x\\.test", "b\xC3\xBC.test"})
    EXPECT_FALSE(is_host_name(bad)) << bad;
  EXPECT_FALSE(is_host_name(std::string(64, 'a')));
  EXPECT_TRUE(is_host_name(std::string(63, 'a')));
}

}  // namespace
}  // namespace sluice::route
