#include "complaint.h"

#include <fmt/format.h>

namespace sluice::sendmail {

namespace {

constexpr const char* kBeginning =
    "From: {}\n"
    "To: {}\n"
    "Subject: Your message could not be sent\n"
    "Date: {}\n"
    "Message-ID: {}\n"
    "Auto-Submitted: auto-replied\n"
    "\n"
    "Your message was not sent to anybody, because\n"
    "\n"
    "    {}\n"
    "\n"
    "This is the message:\n"
    "\n";

}  // namespace

bool mail_complaint(const Work& work, std::string_view why, submission::ProgramText& text) {
  const submission::Stamp stamp = submission::new_stamp(work.names);
  const std::string daemon =
      submission::author_value("Mail system", fmt::format("{}@{}", work.settings.bouncefrom, work.settings.bouncehost));
  mail::Envelope envelope;  // from the null sender, so that nothing answers
  envelope.recipients.push_back({.address = work.own_address, .notify = 0, .original_recipient = {}});
  envelope.line_form = mail::LineForm::kLf;
  text.precede(submission::received_field(work.settings, "sendmail", stamp.date) +
               fmt::format(kBeginning, daemon, work.own_address, stamp.date, stamp.message_id, why));
  return submission::submit(work.doors, envelope, text).has_value();
}

}  // namespace sluice::sendmail
