// The text of a local program: line ends and the lone dot, the header, address lists and what becomes of them.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/invariant.h"
#include "core/mail/header.h"
#include "core/smtp/address.h"
#include "core/submission/letter.h"
#include "core/submission/text_input.h"

namespace {

using namespace sluice;
using namespace sluice::submission;

std::string normalized(Octets text, std::size_t cut, bool dot_ends) {
  TextInput input(dot_ends);
  std::string out;
  input.append(out, text.substr(0, cut));
  input.append(out, text.substr(cut));
  input.finish(out);
  return out;
}

void check_letter(Octets fields, const LetterRules& rules) {
  const auto letter = prepare_letter(fields, rules);
  if (!letter) return;
  invariant(letter->header.ends_with("\n"), "a header ends with a line end");
  invariant(mail::header_length(letter->header) == letter->header.size(), "a header has one empty line, its last");
  invariant(mail::count_fields(letter->header, "bcc") == 0, "blind copies are blind");
  for (const std::string& recipient : letter->recipients) {
    const auto read = smtp::parse_mailbox(recipient);
    invariant(read && read->address == recipient, "a recipient has the stored form");
  }
  // What was completed is complete.
  const auto again = prepare_letter(Octets(letter->header).substr(0, letter->header.size() - 1), rules);
  invariant(again && again->header == letter->header, "a prepared header stays as it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets input(reinterpret_cast<const char*>(data), size);
  for (const bool dot_ends : {false, true}) {
    const std::string text = normalized(input, size / 2, dot_ends);
    invariant(text == normalized(input, 0, dot_ends), "text does not depend on where pieces are cut");
    const auto head = find_head(text, true);
    invariant(head && head->begin <= head->end && head->end <= head->body && head->body <= text.size(),
              "a text has one header and one body");
    LetterRules rules;
    rules.names = {"h.example", "d.example", "p.example", "i.example"};
    rules.author = "a@h.example";
    rules.date = "Fri, 21 Nov 1997 09:55:06 -0600";
    rules.message_id = "<1@i.example>";
    rules.mailing_lists = {"a@h.example"};
    const Octets fields = Octets(text).substr(head->begin, head->end - head->begin);
    check_letter(fields, rules);
    rules.take_recipients = true;
    rules.style = ListStyle::kSpacesToo;
    check_letter(fields, rules);
    rules.strict = rules.name_nobody = true;
    rules.style = ListStyle::kCommas;
    check_letter(fields, rules);
  }
  return 0;
}
