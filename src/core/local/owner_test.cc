#include "core/local/owner.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice::local {
namespace {

const std::string kNul(1, '\0');

TEST(Assign, FileIsReadUpToItsDot) {
  const auto file = parse_assign("=joe.shmoe:joe:503:78:/home/joe:::\n+joe-:joe:503:78:/home/joe:-:x:\n.\njunk");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, (std::vector<Assignment>{{false, "joe.shmoe", {"joe", 503, 78, "/home/joe", "", ""}},
                                            {true, "joe-", {"joe", 503, 78, "/home/joe", "-", "x"}}}));
}

TEST(Assign, ErrorsNameTheirLine) {
  const auto trouble = [](Octets text) {
    const auto file = parse_assign(text);
    return file ? "none" : std::to_string(file.error().line) + ' ' + file.error().text;
  };
  EXPECT_EQ(trouble("=a:b:1:2:/h:::\n"), "2 the file ends without a line that begins with '.'");
  EXPECT_EQ(trouble(""), "1 the file ends without a line that begins with '.'");
  EXPECT_EQ(trouble("# x\n.\n"), "1 the line begins with none of '=', '+' and '.'");
  EXPECT_EQ(trouble("\n.\n"), "1 the line begins with none of '=', '+' and '.'");
  EXPECT_EQ(trouble("=a:b:1:2:/h::\n.\n"), "1 fewer than seven fields that end in ':'");
  EXPECT_EQ(trouble("=a:b:x:2:/h:::\n.\n"), "1 the uid is not a number");
  EXPECT_EQ(trouble("=a:b:-1:2:/h:::\n.\n"), "1 the uid is not a number");
  EXPECT_EQ(trouble("=a:b:4294967295:2:/h:::\n.\n"), "1 the uid is not a number");
  EXPECT_EQ(trouble("=a:b:0:2:/h:::\n.\n"), "1 the uid is 0: nothing is delivered as root");
  EXPECT_EQ(trouble("=a:b:1:99999999999:/h:::\n.\n"), "1 the gid is not a number");
  EXPECT_EQ(trouble("=a:b:1:2:h:::\n.\n"), "1 the home does not begin with '/'");
  EXPECT_EQ(trouble("=a::1:2:/h:::\n.\n"), "1 the user has no name");
  EXPECT_EQ(trouble(Octets("=a\0:b:1:2:/h:::\n.\n", 19)), "1 a NUL octet");
}

TEST(Assign, DatabaseIsThatOfQmail) {
  const auto records = encode_assignments(*parse_assign(
      "=Joe:joe:503:78:/home/joe:::\n+Joe-:joe:503:78:/home/joe:-:x:\n+:alias:5:6:/a:-::\n+b-:b:7:8:/b:-::\n.\n"));
  const auto with_nuls = [](std::string text) {
    for (char& c : text)
      if (c == '|') c = '\0';
    return text;
  };
  EXPECT_EQ(records, (std::vector<KeyValue>{{"!joe" + kNul, with_nuls("joe|503|78|/home/joe||")},
                                            {"!joe-", with_nuls("joe|503|78|/home/joe|-|x")},
                                            {"!", with_nuls("alias|5|6|/a|-|")},
                                            {"!b-", with_nuls("b|7|8|/b|-|")},
                                            {"", "-"}}));
}

class FindAssigned : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto& [key, value] : encode_assignments(*parse_assign("=joe-special:spec:1:1:/s:::\n"
                                                               "+joe-:joe:2:2:/j:-:pre-:\n"
                                                               "+joe-a-:deep:3:3:/d:-::\n"
                                                               "+longer:never:4:4:/n:-::\n"
                                                               "+:alias:9:9:/a:-::\n.\n")))
      records_.emplace(key, value);
    records_[""] = "-";  // as if +longer had come later: 'r' is no break
  }
  std::string find(std::string_view local_part) {
    const auto owner = find_assigned(local_part, lookup_);
    if (!owner) return owner.error();
    return *owner ? (*owner)->user + '|' + (*owner)->dash + '|' + (*owner)->ext : "nobody";
  }
  std::map<std::string, std::string, std::less<>> records_;
  AssignLookup lookup_ = [this](std::string_view key) -> Result<std::optional<std::string>, std::string> {
    const auto found = records_.find(key);
    return found == records_.end() ? std::nullopt : std::optional(found->second);
  };
};

TEST_F(FindAssigned, ExactThenLongestWildcardThenAll) {
  EXPECT_EQ(find("Joe-Special"), "spec||");
  EXPECT_EQ(find("joe-X.y"), "joe|-|pre-X.y");
  EXPECT_EQ(find("joe-a-b"), "deep|-|b");
  EXPECT_EQ(find("joe-"), "joe|-|pre-");
  EXPECT_EQ(find("joe"), "alias|-|joe");
  EXPECT_EQ(find(""), "alias|-|");
}

TEST_F(FindAssigned, WildcardOfNoBreakOctetIsNotSeen) { EXPECT_EQ(find("longerx"), "alias|-|longerx"); }

TEST_F(FindAssigned, WithoutCatchAllItIsNobodys) {
  records_.erase("!");
  EXPECT_EQ(find("jack"), "nobody");
  EXPECT_EQ(find(std::string("joe-\0x", 6)), "nobody");
}

TEST_F(FindAssigned, DamagedRecordIsAnErrorAndNobody) {
  records_["!joe-"] = "joe";
  EXPECT_EQ(find("joe-x"), "a damaged record in users/cdb");
  records_["!joe-"] = "joe" + kNul + "0" + kNul + "0" + kNul + "/" + kNul + kNul;
  EXPECT_EQ(find("joe-x"), "a damaged record in users/cdb: the uid is 0: nothing is delivered as root");
  records_.erase("");
  EXPECT_EQ(find("joe-x"), "users/cdb lacks the record of its wildcards");
}

TEST(OwnerCandidates, LongestUserFirst) {
  EXPECT_EQ(owner_candidates("Joe-List-Owner"),
            (std::vector<OwnerCandidate>{
                {"joe-list-owner", "", ""}, {"joe-list", "-", "Owner"}, {"joe", "-", "List-Owner"}}));
  EXPECT_EQ(owner_candidates("joe-"), (std::vector<OwnerCandidate>{{"joe-", "", ""}, {"joe", "-", ""}}));
}

TEST(OwnerCandidates, NamesThatNoUserHasAreNotAsked) {
  EXPECT_TRUE(owner_candidates("").empty());
  EXPECT_TRUE(owner_candidates("-x").empty());
  EXPECT_TRUE(owner_candidates("../etc").empty());
  EXPECT_TRUE(owner_candidates("a b").empty());
  EXPECT_EQ(owner_candidates(std::string(33, 'a') + "-x").size(), 0u);
}

class FindOwner : public ::testing::Test {
 protected:
  std::string find(std::string_view local_part) {
    const auto owner = find_owner(local_part, lookup_);
    return owner ? owner->user + '|' + owner->dash + '|' + owner->ext : owner.error();
  }
  std::map<std::string, Account, std::less<>> accounts_{{"joe", {"joe", 1000, 1000, "/home/joe", 1000}},
                                                        {"joe-list", {"joe-list", 1001, 1001, "/home/jl", 1001}},
                                                        {"root", {"root", 0, 0, "/root", 0}},
                                                        {"thief", {"thief", 1002, 1002, "/home/joe", 1000}},
                                                        {"homeless", {"homeless", 1003, 1003, "/x", std::nullopt}},
                                                        {"alias", {"alias", 500, 500, "/alias", std::nullopt}}};
  AccountLookup lookup_ = [this](std::string_view name) -> Result<std::optional<Account>, std::string> {
    if (name == "slow") return fail(std::string("no answer"));
    const auto found = accounts_.find(name);
    return found == accounts_.end() ? std::nullopt : std::optional(found->second);
  };
};

TEST_F(FindOwner, LongestUserWhoOwnsItsHomeGetsTheMail) {
  EXPECT_EQ(find("JOE"), "joe||");
  EXPECT_EQ(find("joe-x-y"), "joe|-|x-y");
  EXPECT_EQ(find("joe-list-x"), "joe-list|-|x");
}

TEST_F(FindOwner, EverythingElseIsTheAliasUsers) {
  EXPECT_EQ(find("Jack-x"), "alias|-|Jack-x");
  EXPECT_EQ(find("root"), "alias|-|root");
  EXPECT_EQ(find("thief"), "alias|-|thief");
  EXPECT_EQ(find("homeless"), "alias|-|homeless");
}

TEST_F(FindOwner, FailedLookupsAreErrors) {
  EXPECT_EQ(find("slow-x"), "no answer");
  accounts_.erase("alias");
  EXPECT_EQ(find("jack"), "there is no user alias, who takes what is no user's");
}

std::string names(std::string_view dash, std::string_view ext) {
  std::string all;
  for (const auto& [file, rest] : dot_qmail_names(dash, ext)) all += file + (rest ? '[' + *rest + ']' : "") + ' ';
  return all;
}

TEST(DotQmailNames, ExactThenEverShorterDefaults) {
  EXPECT_EQ(names("", ""), ".qmail ");
  EXPECT_EQ(names("-", "a"), ".qmail-a .qmail-default[a] ");
  EXPECT_EQ(names("-", "a-B-c"), ".qmail-a-b-c .qmail-a-b-default[c] .qmail-a-default[B-c] .qmail-default[a-B-c] ");
  EXPECT_EQ(names("-", ""), ".qmail- .qmail-default[] ");
  EXPECT_EQ(names("-", "a-"), ".qmail-a- .qmail-a-default[] .qmail-default[a-] ");
  EXPECT_EQ(names("-", "a-default"), ".qmail-a-default[default] .qmail-a-default[default] .qmail-default[a-default] ");
}

TEST(DotQmailNames, NeverLeaveTheHome) {
  EXPECT_EQ(names("-", "../../etc/x.Y"), ".qmail-::::::etc:x:y .qmail-default[../../etc/x.Y] ");
  EXPECT_EQ(dot_qmail_names("-", std::string(300, 'x')).size(), 1u);
  EXPECT_LE(dot_qmail_names("-", std::string(240, '-')).size(), kMostDotQmailNames);
}

TEST(DotQmailNames, OwnerFilesStandBesideTheList) {
  EXPECT_EQ(owner_files("-", "My.List").owner, ".qmail-my:list-owner");
  EXPECT_EQ(owner_files("", "").owner_default, ".qmail-owner-default");
  EXPECT_TRUE(needs_dot_qmail("-"));
  EXPECT_FALSE(needs_dot_qmail(""));
}

}  // namespace
}  // namespace sluice::local
