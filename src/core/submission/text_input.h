// The text of a local program on its way to a message: line ends become LF, a line that is a lone dot may end the text
// (sendmail without -i), and the last line gets an end if it has none. Fed in any pieces; the result does not depend on
// where they are cut. All other octets pass unchanged, in lines of any length.
//
// Then where its header ends. Local programs often write no header at all, or no empty line behind it, so the header
// ends before the first line that neither begins a field nor continues one, too.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "core/mail/line_form.h"

namespace sluice::submission {

class TextInput {
 public:
  explicit TextInput(bool dot_ends) : dot_ends_(dot_ends) {}

  void append(std::string& out, Octets piece);
  void finish(std::string& out);  // after the last piece
  // The lone dot was read; what follows it is not part of the text.
  bool ended() const { return ended_; }

 private:
  void take(std::string& out, Octets text);

  bool dot_ends_;
  bool ended_ = false;
  bool held_dot_ = false;  // at the start of a line, not written yet
  char last_ = '\n';       // octet written or held
  mail::CrlfToLf lines_;
  std::string unified_;  // scratch: one piece with LF line ends
};

// Offsets into a text with LF line ends.
struct HeadRange {
  std::size_t begin = 0;  // of the fields, behind a "From " line as mailbox files have it
  std::size_t end = 0;    // of the fields
  std::size_t body = 0;   // behind the empty line, if there is one
  friend bool operator==(const HeadRange&, const HeadRange&) = default;
};
// Nothing: the text that is known so far does not show where the header ends. `whole`: no more will come.
std::optional<HeadRange> find_head(Octets text, bool whole);

}  // namespace sluice::submission
