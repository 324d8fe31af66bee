// Reading the header of a stored message (RFC 5322 2.2), in either line form. For hostile input: whatever the octets
// are, the answers are views into them; nothing is allocated and nothing thrown. Malformed lines are skipped, because a
// mail transfer agent carries them on as they came.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sluice::mail {

struct HeaderField {
  Octets name;   // without the colon and what white space stood before it
  Octets value;  // trimmed; folds inside it are still there
  Octets whole;  // the field with its folds and its last line end
};

// Octets up to and including the empty line that ends the header; the whole message if it has no such line.
std::size_t header_length(Octets message);

// The line begins a field: a name without white space in it, and a colon. Text of a local program that has no empty
// line behind its header is told from the header by this.
bool begins_field(Octets line);

// The fields of a header, one after the other. Ends at the empty line, so a whole message may be given.
class HeaderReader {
 public:
  explicit HeaderReader(Octets message) : rest_(message) {}
  std::optional<HeaderField> next();

 private:
  Octets take_line();
  Octets rest_;
};

// The value of the first field of that name (without regard to case).
std::optional<Octets> find_field(Octets message, std::string_view name);
std::size_t count_fields(Octets message, std::string_view name);

// How often the message has passed a mail transfer agent or mailbox: Received and Delivered-To fields (RFC 5321 6.3).
std::size_t count_hops(Octets message);

// The first "<left@right>" in a field's value with its brackets, if it is short, ASCII and without white space or
// controls, so that it can stand in a header of ours.
std::optional<Octets> find_message_id(Octets value);

}  // namespace sluice::mail
