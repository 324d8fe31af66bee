// The header of a message that a local program wrote, made fit to travel (RFC 6409 8, qmail-header(5)): addresses
// complete, Bcc gone, Return-Path and Content-Length gone, what is missing added; and what it says about the envelope.
// Pure, for hostile input: whatever the octets are, the result is a header that ends with one empty line.
//
// A message with any Resent- field is one that somebody passes on: then the Resent- fields name the recipients, and
// they are what is completed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/submission/names.h"

namespace sluice::submission {

struct LetterRules {
  Names names;
  bool take_recipients = false;  // from the header; then a recipient field that cannot be read refuses the message
  bool strict = false;           // any address field that cannot be read does
  ListStyle style = ListStyle::kCommas;

  bool add_missing = true;  // From, Date, Message-ID
  bool drop_from = false;   // and then write our own
  bool drop_message_id = false;
  bool name_nobody = false;  // "Cc: recipient list not shown: ;" where no field shows a recipient, as qmail-inject does
  std::string author;        // value of the From that is added
  std::string date;          // value of the Date that is added
  std::string message_id;    // value of the Message-ID that is added, with its brackets
  std::vector<std::string> mailing_lists;  // addresses that get a Mail-Followup-To beside the other recipients
};

struct Letter {
  std::string header;                      // LF form, with the empty line
  std::vector<std::string> recipients;     // stored form, each once; only with take_recipients
  std::optional<std::string> return_path;  // stored form; of the first Return-Path field that has one address
  std::optional<std::string> author;       // stored form; the first address of Resent-From or From
};

// fields: a header without its empty line, in LF form, as find_head() cut it out.
//   errors  a sentence for the user: which field cannot be read, and why
Result<Letter, std::string> prepare_letter(Octets fields, const LetterRules& rules);

}  // namespace sluice::submission
