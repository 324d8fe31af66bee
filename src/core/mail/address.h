// Addresses as they are stored (local-part@domain, no angle brackets): taking them apart, and making them and other
// foreign text safe to show. Nothing here judges whether an address is valid; that is the SMTP grammar's part.
//
// Every function accepts any octets, allocates at most its result and never throws (but for memory).
#pragma once

#include <string>
#include <string_view>

#include "core/mail/envelope.h"  // domain_of

namespace sluice::mail {

// What stands before the last '@'; the whole address if it has none. The view points into `address`.
std::string_view local_part_of(std::string_view address);

// The address with its domain in lower case; the local part is its owner's business and stays (RFC 5321 2.4).
std::string normalized_address(std::string_view address);

// The same mailbox: local parts equal octet by octet, domains without regard to case.
bool same_mailbox(std::string_view a, std::string_view b);

// Foreign text as one word of a log line, the way qmail-log(5) readers expect it: '%', octets up to and including the
// space and octets above '~' become '_', a line feed becomes '/'.
void append_printable(std::string& out, std::string_view text);
std::string printable(std::string_view text);

// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);

// RFC 3461 4: "+2B" stands for '+'. What is not xtext comes back unchanged where it is not.
std::string xtext_decoded(std::string_view xtext);
// ASCII text as xtext: what is not printable, spaces, '+' and '=' become '+' and two hexadecimal digits.
std::string xtext_encoded(std::string_view text);

}  // namespace sluice::mail
