#include <fmt/format.h>

#include "system/submission/submission.h"

namespace sluice::submission {

namespace {

struct Row {
  int code;
  const char* text;
};
constexpr Row kRows[] = {
    {11, "an address is too long"},
    {31, "the message was refused"},
    {32, "the message was refused as spam"},
    {33, "the message was refused because of a virus"},
    {34, "the message was refused because of an attachment"},
    {35, "there is no key to sign with"},
    {41, "a descriptor could not be had"},
    {50, "a scanner lacks its rights"},
    {51, "out of memory"},
    {52, "took too long"},
    {53, "cannot write; the disk may be full"},
    {54, "cannot read the message or its envelope"},
    {55, "cannot read the settings"},
    {60, "cannot make a pipe"},
    {61, "cannot enter the queue directory"},
    {62, "cannot look at the message file"},
    {63, "cannot enter the root directory"},
    {64, "cannot make the message durable"},
    {65, "cannot make the envelope file"},
    {66, "cannot link the envelope into todo"},
    {67, "cannot link the message into mess"},
    {68, "cannot make a temporary file"},
    {69, "cannot make a directory durable"},
    {70, "cannot make the message file"},
    {71, "the message was refused for now"},
    {72, "a connection timed out"},
    {73, "a connection was refused"},
    {74, "a connection failed"},
    {75, "a filter could not be run"},
    {76, "the spam filter failed"},
    {77, "the virus scanner failed"},
    {78, "cannot find a user or group"},
    {79, "the envelope is malformed"},
    {80, "cannot remove the envelope file"},
    {81, "an internal error"},
    {83, "cannot remove the temporary name of the message"},
    {88, "refused with a text of its own"},
    {115, "an address is too long"},
    {120, "qmail-queue cannot be executed"},
    {121, "cannot fork"},
    {122, "cannot wait for a program"},
    {123, "a program crashed"},
};

bool is_permanent(int code) { return (code >= 11 && code <= 40) || code == 115; }

}  // namespace

Refusal meaning_of_exit(int code) {
  const char* text = is_permanent(code) ? "refused for good" : "refused for now";
  for (const Row& row : kRows)
    if (row.code == code) text = row.text;
  return {is_permanent(code), fmt::format("qmail-queue: {} ({})", text, code), code};
}

}  // namespace sluice::submission
