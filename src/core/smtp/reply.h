// Replies (RFC 5321 4.2) as values: what a policy decides and what a server answered. Sending one that was decided
// elsewhere is append_reply(); reading them from a server is reply_parser.h.
#pragma once

#include "base/bytes.h"
#include "core/mail/outcome.h"

namespace sluice::smtp {

struct Reply {
  std::uint16_t code = 250;
  mail::EnhancedCode enhanced;  // {0,0,0}: none
  std::string text;
};

// Appends the reply as one line of at most 512 octets. Its text may come from anywhere: what is not printable is
// replaced, what is too long is cut.
void append_reply(std::string& out, const Reply& reply);

// The text as one printable line of at most `limit` octets: control characters become spaces, octets that are not UTF-8
// become '?'.
std::string printable_line(Octets text, std::size_t limit);

// "5.1.1 rest": takes the code and one space off the front of `text`. {0,0,0} and nothing taken if there is no enhanced
// code whose class fits `reply_code` (RFC 2034 4).
mail::EnhancedCode take_enhanced_code(Octets& text, unsigned reply_code);

// What a reply code alone says, for servers that give no enhanced codes. Never {0,0,0}.
mail::EnhancedCode enhanced_code_for(unsigned reply_code);

}  // namespace sluice::smtp
