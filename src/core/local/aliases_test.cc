#include "core/local/aliases.h"

#include <gtest/gtest.h>

#include <map>

#include "core/local/alias_expansion.h"

namespace sluice::local {
namespace {

constexpr const char* kFile =
    "# the usual\n"
    "\n"
    "postmaster: root\n"
    "Root:\tjoe,\n"
    "# in between\n"
    "\n"
    "   jane@example.org\n"
    "\"joe smith\" : joe\n"
    "list: :include:/etc/list, |\"prog -a, b\"\n"
    "owner-list: joe\n";

TEST(Aliases, FileIsReadWithContinuationsCommentsAndQuotedNames) {
  const auto aliases = parse_aliases(kFile);
  ASSERT_TRUE(aliases) << to_string(aliases.error()[0]);
  ASSERT_EQ(aliases->size(), 5u);
  EXPECT_EQ((*aliases)[1].name, "Root");
  EXPECT_EQ((*aliases)[1].line, 4u);
  EXPECT_EQ((*aliases)[1].targets, (std::vector<Action>{Forward{"joe"}, Forward{"jane@example.org"}}));
  EXPECT_EQ((*aliases)[2].name, "joe smith");
  EXPECT_EQ((*aliases)[3].targets, (std::vector<Action>{Include{"/etc/list"}, Program{"prog -a, b"}}));
}

TEST(Aliases, LinesMayEndInCrLfOrNotAtAll) {
  const auto aliases = parse_aliases("a: b,\r\n c\r\nd: e");
  ASSERT_TRUE(aliases);
  EXPECT_EQ((*aliases)[0].targets.size(), 2u);
  EXPECT_EQ((*aliases)[1].targets, (std::vector<Action>{Forward{"e"}}));
}

TEST(Aliases, AllErrorsAreFoundWithLineAndColumn) {
  const auto aliases = parse_aliases(" x\na: b,\n  c d\nnonsense\nA: x\n: y\nb:\nc@d: e\n\"open: f\nok: g\na: h\n");
  ASSERT_FALSE(aliases);
  std::string all;
  for (const AliasError& error : aliases.error()) all += to_string(error) + '\n';
  EXPECT_EQ(all,
            "line 1, column 1: a line that begins with white space continues nothing here\n"
            "line 3, column 3: white space inside an address: a comma is missing\n"
            "line 4, column 1: a name and ':' must begin the line\n"
            "line 6, column 1: an alias without a name\n"
            "line 7, column 2: an alias without targets\n"
            "line 8, column 1: an alias is the name of a user, without a domain\n"
            "line 9, column 1: a quote is not closed\n"
            "line 11, column 1: a is defined in line 5 already\n");
}

TEST(Aliases, ErrorsAreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  EXPECT_EQ(parse_aliases(text).error().size(), kMaximumAliasErrors);
}

TEST(Aliases, LoopsAreFound) {
  const auto loops =
      find_alias_loops(*parse_aliases("a: b, x\nb: c\nC: A\nroot: root, ops\nd: e\ne: e2\nf: f2\nf2: f\n"));
  EXPECT_EQ(loops, (std::vector<std::vector<std::string>>{{"a", "b", "c"}, {"f", "f2"}}));
}

TEST(Aliases, LongChainIsSearchedWithoutRecursion) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += 'a' + std::to_string(i) + ": a" + std::to_string((i + 1) % 200'000) + '\n';
  const auto loops = find_alias_loops(*parse_aliases(text));
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].size(), 200'000u);
}

TEST(Aliases, EncodedTargetsComeBack) {
  const std::vector<Action> all{Maildir{"/d/"}, Mbox{"/m"}, Program{"p \""}, Forward{"f@g"}, Self{"s"}, Include{"/i"}};
  EXPECT_EQ(decode_targets(encode_targets(all)), all);
  EXPECT_EQ(encode_targets({Forward{"a"}}), std::string("Fa\0", 3));
  for (const Octets damaged : {Octets("Fa"), Octets("F\0", 2), Octets("Xa\0", 3), Octets("\0", 1)})
    EXPECT_FALSE(decode_targets(damaged));
}

class ExpandAlias : public ::testing::Test {
 protected:
  Result<Expansion, ExpansionError> expand(Octets file, std::string_view name) {
    aliases_.clear();
    const auto parsed = parse_aliases(file);
    for (const Alias& alias : *parsed) aliases_[alias_key(alias.name)] = alias.targets;
    return expand_alias(name, lookup_);
  }
  std::string targets(Octets file, std::string_view name) {
    const auto expansion = expand(file, name);
    if (!expansion) return expansion.error().text;
    if (!expansion->is_alias) return "no alias";
    std::string all;
    for (const AliasTarget& target : expansion->targets) {
      if (const Self* self = std::get_if<Self>(&target.action)) all += '\\' + self->user;
      if (const Forward* forward = std::get_if<Forward>(&target.action)) all += forward->address;
      if (std::holds_alternative<Program>(target.action)) all += "program";
      if (!target.owner.empty()) all += '(' + target.owner + ')';
      all += ' ';
    }
    return all;
  }
  std::map<std::string, std::vector<Action>, std::less<>> aliases_;
  int lookups_ = 0;
  AliasLookup lookup_ = [this](std::string_view key) -> Result<std::optional<std::vector<Action>>, std::string> {
    ++lookups_;
    const auto found = aliases_.find(key);
    return found == aliases_.end() ? std::nullopt : std::optional(found->second);
  };
};

TEST_F(ExpandAlias, GoesThroughAliasesToUsersAddressesAndPrograms) {
  EXPECT_EQ(targets("postmaster: Root\nroot: joe, jane@example.org\njoe: |p, \\joe\n", "PostMaster"),
            "program \\joe jane@example.org ");
}

TEST_F(ExpandAlias, NameWithoutAliasIsNone) { EXPECT_EQ(targets("a: b\n", "c"), "no alias"); }

TEST_F(ExpandAlias, AliasThatNamesItselfMeansItsUser) {
  EXPECT_EQ(targets("root: root, ops\n", "root"), "\\root \\ops ");
}

TEST_F(ExpandAlias, EverybodyGetsOneCopy) {
  EXPECT_EQ(targets("all: x, y, joe\nx: joe, jane\ny: jane, JOE\n", "all"), "\\joe \\jane \\JOE ");
}

TEST_F(ExpandAlias, ListsMayNameEachOther) { EXPECT_EQ(targets("a: b, joe\nb: a, jane\n", "a"), "\\jane \\joe "); }

TEST_F(ExpandAlias, LoopThatReachesNobodyIsAPermanentError) {
  const auto expansion = expand("a: b\nb: c\nc: a\n", "a");
  ASSERT_FALSE(expansion);
  EXPECT_EQ(expansion.error().problem, ExpansionProblem::kLoop);
  EXPECT_EQ(to_outcome(expansion.error()).verdict, mail::Verdict::kFailed);
  EXPECT_EQ(to_outcome(expansion.error()).text, "The aliases of a lead back to themselves and to nobody. (#5.4.6)");
}

TEST_F(ExpandAlias, DepthAndNumberAreBounded) {
  std::string chain, wide = "w: ";
  for (int i = 0; i < 60; ++i) chain += 'a' + std::to_string(i) + ": a" + std::to_string(i + 1) + '\n';
  EXPECT_EQ(expand(chain, "a0").error().problem, ExpansionProblem::kTooDeep);
  EXPECT_TRUE(expand(chain, "a10"));
  std::string doubling;
  for (int i = 0; i < 3; ++i) {
    doubling += "w" + std::to_string(i) + ": w" + std::to_string(i + 1);
    for (int j = 0; j < 45'000; ++j) doubling += ",u" + std::to_string(i) + 'x' + std::to_string(j);
    doubling += '\n';
  }
  EXPECT_EQ(expand(doubling, "w0").error().problem, ExpansionProblem::kTooMany);
}

TEST_F(ExpandAlias, InnermostListWithAnOwnerNamesTheSender) {
  EXPECT_EQ(targets("out: in, a\nin: b, sub\nsub: c\nowner-out: o\nowner-in: i\n", "out"),
            "\\b(owner-in) \\c(owner-in) \\a(owner-out) ");
  EXPECT_EQ(targets("owner-l: x\nowner-owner-l: y\n", "owner-l"), "\\x ");
}

TEST_F(ExpandAlias, FailedLookupIsTemporary) {
  const AliasLookup broken = [](std::string_view) -> Result<std::optional<std::vector<Action>>, std::string> {
    return fail(std::string("cannot read"));
  };
  const auto expansion = expand_alias("a", broken);
  ASSERT_FALSE(expansion);
  EXPECT_EQ(to_outcome(expansion.error()).verdict, mail::Verdict::kDeferred);
}

}  // namespace
}  // namespace sluice::local
