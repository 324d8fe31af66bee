#include <gtest/gtest.h>
#include <signal.h>

#include <map>

#include "core/local/mbox_format.h"
#include "core/local/program_environment.h"
#include "core/local/program_result.h"

namespace sluice::local {
namespace {

std::map<std::string, std::string> environment(const DeliveryFacts& facts) {
  const auto variables = program_environment(facts);
  return {variables.begin(), variables.end()};
}

TEST(ProgramEnvironment, HoldsTheVariablesOfQmailCommand) {
  const auto variables = environment({"s@x.example", "n@y.example", "joe-a-b-c", "mail.uk.example.org", "joe",
                                      "/home/joe", "a-b-c", "c", wall_from_millis(1795333662000)});
  EXPECT_EQ(variables, (std::map<std::string, std::string>{{"SENDER", "s@x.example"},
                                                           {"NEWSENDER", "n@y.example"},
                                                           {"RECIPIENT", "joe-a-b-c@mail.uk.example.org"},
                                                           {"USER", "joe"},
                                                           {"HOME", "/home/joe"},
                                                           {"HOST", "mail.uk.example.org"},
                                                           {"HOST2", "mail.uk.example"},
                                                           {"HOST3", "mail.uk"},
                                                           {"HOST4", "mail"},
                                                           {"LOCAL", "joe-a-b-c"},
                                                           {"EXT", "a-b-c"},
                                                           {"EXT2", "b-c"},
                                                           {"EXT3", "c"},
                                                           {"EXT4", ""},
                                                           {"DEFAULT", "c"},
                                                           {"DTLINE", "Delivered-To: joe-a-b-c@mail.uk.example.org\n"},
                                                           {"RPLINE", "Return-Path: <s@x.example>\n"},
                                                           {"UFLINE", "From s@x.example Sun Nov 22 07:47:42 2026\n"}}));
}

TEST(ProgramEnvironment, DefaultIsMissingWithoutADefaultFile) {
  const auto variables = environment({"", "", "joe", "h", "joe", "/", "", std::nullopt, {}});
  EXPECT_FALSE(variables.contains("DEFAULT"));
  EXPECT_EQ(variables.at("HOST4"), "h");
  EXPECT_EQ(variables.at("UFLINE"), "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n");
}

TEST(ProgramEnvironment, ForeignTextAddsNoLine) {
  const auto variables = environment({"a\nb", "", std::string("j\0k", 3), "h\nX: y", "joe", "/", "", "", {}});
  EXPECT_EQ(variables.at("SENDER"), "a_b");
  EXPECT_EQ(variables.at("LOCAL"), "j_k");
  for (const char* name : {"DTLINE", "RPLINE", "UFLINE"})
    EXPECT_EQ(variables.at(name).find('\n'), variables.at(name).size() - 1);
}

TEST(NewSender, FollowsTheFilesOfTheListOwner) {
  EXPECT_EQ(new_sender("s@x", "joe-l", "h", {false, false}), "s@x");
  EXPECT_EQ(new_sender("s@x", "joe-l", "h", {false, true}), "s@x");
  EXPECT_EQ(new_sender("s@x", "joe-l", "h", {true, false}), "joe-l-owner@h");
  EXPECT_EQ(new_sender("s@x", "joe-l", "h", {true, true}), "joe-l-owner-@h-@[]");
  EXPECT_EQ(new_sender("", "joe-l", "h", {true, true}), "");
  EXPECT_EQ(new_sender("#@[]", "joe-l", "h", {true, true}), "#@[]");
}

TEST(ProgramResult, ExitCodesMeanWhatQmailSays) {
  EXPECT_EQ(verdict_of_exit(0), ProgramVerdict::kGoOn);
  EXPECT_EQ(verdict_of_exit(99), ProgramVerdict::kStop);
  for (const int code : {64, 65, 70, 76, 77, 78, 100, 112}) EXPECT_EQ(verdict_of_exit(code), ProgramVerdict::kFail);
  for (const int code : {1, 67, 68, 75, 111, 113, 127, 255}) EXPECT_EQ(verdict_of_exit(code), ProgramVerdict::kDefer);
  EXPECT_EQ(verdict_of_status(SIGKILL), ProgramVerdict::kDefer);
  EXPECT_EQ(verdict_of_status(100 << 8), ProgramVerdict::kFail);
}

TEST(ProgramResult, OutcomeShowsWhatTheProgramSaid) {
  const auto failed = program_outcome(100 << 8, "\nno such\tlist \r\nreally\x01\n\n");
  EXPECT_EQ(failed.verdict, mail::Verdict::kFailed);
  EXPECT_EQ(failed.text, "no such?list / really?");
  EXPECT_EQ(program_outcome(SIGKILL, "").text, "The program was killed by signal 9.");
  EXPECT_EQ(program_outcome(3 << 8, "\n").text, "The program ended with exit code 3.");
  EXPECT_EQ(program_outcome(3 << 8, std::string(100'000, 'x')).text.size(), mail::kMaximumText);
  EXPECT_EQ(program_outcome(3 << 8, "x").verdict, mail::Verdict::kDeferred);
}

std::string quoted(std::string_view text, std::size_t step) {
  MboxQuoter quoter;
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) quoter.append(out, text.substr(0, step));
  quoter.finish(out);
  return out;
}

TEST(MboxFormat, FromLineIsThatOfCtime) {
  EXPECT_EQ(mbox_from_line("a b\n@c", wall_from_millis(1795333662000)), "From a-b-@c Sun Nov 22 07:47:42 2026\n");
}

TEST(MboxFormat, LinesThatLookLikeFromLinesAreQuotedHoweverTheyCome) {
  const std::string text = "From a\nFrom\nx From b\n>From c\n>>From d\nFro\n\nFrom: e\n>x\n> From f\nFrom ";
  for (std::size_t step = 1; step <= text.size(); ++step)
    EXPECT_EQ(quoted(text, step),
              ">From a\nFrom\nx From b\n>>From c\n>>>From d\nFro\n\nFrom: e\n>x\n> From f\n>From \n\n");
}

TEST(MboxFormat, MessageEndsWithAnEmptyLine) {
  EXPECT_EQ(quoted("a", 1), "a\n\n");
  EXPECT_EQ(quoted("a\n", 1), "a\n\n");
  EXPECT_EQ(quoted("", 1), "\n");
  EXPECT_EQ(quoted("Fro", 1), "Fro\n\n");
}

}  // namespace
}  // namespace sluice::local
