// The message that is to be delivered: in memory, or a descriptor of just this message. Read as often as there are
// instructions that want it; its lines end as the letter says.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "core/mail/envelope.h"
#include "system/maildir/maildir.h"
#include "system/os/fd.h"

namespace sluice::mailbox_delivery {

class Body {
 public:
  Body(Octets text, mail::LineForm line_form) : text_(text), line_form_(line_form) {}  // the octets outlive it
  Body(os::Fd file, mail::LineForm line_form) : file_(std::move(file)), line_form_(line_form) {}

  mail::LineForm line_form() const { return line_form_; }
  // From the first octet, independently of others; must not outlive the body.
  mailbox::Source read() const;

 private:
  Octets text_;
  os::Fd file_;
  mail::LineForm line_form_;
};

// A new file without a name that holds `head` and the message, with LF line ends, at its beginning; for a program,
// which may seek in it. The error is a text.
Result<os::Fd, std::string> as_file(Octets head, const Body& body);

// What the header says about the way of a message.
struct Hops {
  std::size_t count = 0;   // Received and Delivered-To fields
  bool been_here = false;  // it bears the Delivered-To of this recipient
};
Result<Hops, std::string> hops_of(const Body& body, const std::string& recipient);

}  // namespace sluice::mailbox_delivery
