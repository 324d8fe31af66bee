// What whoever called sendmail with -oem is mailed when their message cannot be taken: why, and the message.
#pragma once

#include "system/submission/program_text.h"
#include "work.h"

namespace sluice::sendmail {

// `text`: the message as far as it was read; the rest is read now. True: the complaint is queued.
bool mail_complaint(const Work& work, std::string_view why, submission::ProgramText& text);

}  // namespace sluice::sendmail
