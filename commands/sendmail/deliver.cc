// sendmail -bm: a message on standard input, addresses on the command line or in its header. It is queued for all of
// its recipients or for none.
#include <fmt/format.h>

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdio>

#include "complaint.h"
#include "core/mail/address.h"
#include "core/mail/header.h"
#include "core/mail/precedence.h"
#include "core/submission/letter.h"
#include "first_try.h"
#include "system/submission/program_text.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

// Why nothing was queued.
struct Trouble {
  int status;
  std::string text;
  bool of_message = false;  // nothing is wrong but the message, so that its writer is the one to be told
};

// The operands, each of which may be a list; each mailbox once.
Result<std::vector<std::string>, Trouble> command_line_addresses(const Work& work) {
  std::vector<std::string> addresses;
  boost::unordered_flat_set<std::string> known;
  for (const std::string& operand : work.options.addresses) {
    const auto list = submission::parse_address_list(operand, submission::ListStyle::kSpacesToo);
    if (!list) return fail(Trouble{EX_USAGE, fmt::format("{}: {}", mail::printable(operand), to_text(list.error()))});
    for (const auto& listed : *list) {
      auto address = submission::envelope_address(listed, work.names);
      if (!address) return fail(Trouble{EX_USAGE, address.error()});
      if (!address->empty() && known.insert(*address).second) addresses.push_back(std::move(*address));
    }
  }
  return addresses;
}

Result<std::string, Trouble> sender_of(const Work& work, const submission::Letter& letter) {
  const Options& options = work.options;
  if (options.sender_from_header && letter.author) return *letter.author;
  if (!options.sender) return work.own_address;
  if (options.sender->empty()) return std::string();
  auto sender = submission::single_address(*options.sender, work.names);
  if (!sender) return fail(Trouble{EX_USAGE, fmt::format("sender {}", sender.error())});
  return std::move(*sender);
}

// With -t the header says who gets the message; addresses on the command line then are those who do not.
std::vector<std::string> recipients_of(const Options& options, std::vector<std::string> given,
                                       std::vector<std::string> in_header) {
  if (!options.recipients_from_header) return given;
  const boost::unordered_flat_set<std::string> excepted(given.begin(), given.end());
  std::erase_if(in_header, [&](const std::string& address) { return excepted.contains(address); });
  return in_header;
}

mail::Envelope envelope_of(const Options& options, std::string sender, std::vector<std::string> recipients,
                           const mail::Importance& importance) {
  mail::Envelope envelope;
  envelope.precedence = importance.precedence;
  envelope.urgency = importance.urgency;
  envelope.smtputf8 = !mail::is_ascii(sender);
  envelope.sender = std::move(sender);
  for (std::string& address : recipients) {
    envelope.smtputf8 |= !mail::is_ascii(address);
    envelope.recipients.push_back({.address = std::move(address), .notify = options.notify, .original_recipient = {}});
  }
  envelope.line_form = mail::LineForm::kLf;
  envelope.eight_bit = options.eight_bit;
  envelope.ret = options.ret;
  envelope.envelope_id = options.envelope_id;
  return envelope;
}

submission::LetterRules rules_of(const Work& work, const submission::Stamp& stamp) {
  submission::LetterRules rules;
  rules.names = work.names;
  rules.take_recipients = work.options.recipients_from_header;
  rules.style = submission::ListStyle::kSpacesToo;
  rules.add_missing = !work.options.gateway;
  rules.author = submission::author_value(work.options.full_name.value_or(work.caller.full_name), work.own_address);
  rules.date = stamp.date;
  rules.message_id = stamp.message_id;
  return rules;
}

struct Queued {
  submission::Queued where;
  std::size_t recipients = 0;
};

Result<Queued, Trouble> queue(const Work& work, submission::ProgramText& text) {
  auto given = command_line_addresses(work);
  if (!given) return fail(std::move(given.error()));
  const bool from_header = work.options.recipients_from_header;
  if (!from_header && given->empty())
    return fail(Trouble{EX_USAGE, "no recipients: name them, or give -t to take them from the header"});

  if (!text.read_header())
    return fail(Trouble{text.header_too_long() ? EX_DATAERR : EX_IOERR, text.error(), text.header_too_long()});
  const submission::Stamp stamp = submission::new_stamp(work.names);
  auto letter = submission::prepare_letter(text.fields(), rules_of(work, stamp));
  if (!letter) return fail(Trouble{EX_DATAERR, letter.error(), true});
  auto recipients = recipients_of(work.options, std::move(*given), std::move(letter->recipients));
  if (recipients.empty()) return fail(Trouble{EX_USAGE, "no recipients are left in the header of the message", true});
  auto sender = sender_of(work, *letter);
  if (!sender) return fail(std::move(sender.error()));
  if (mail::count_hops(text.fields()) + work.options.hops >= work.settings.smtp_max_hops)
    return fail(Trouble{EX_UNAVAILABLE, "too many hops: the message seems to go in circles", true});

  const mail::Importance importance = mail::importance_of_message(text.fields());
  text.replace_header(submission::received_field(work.settings, "sendmail", stamp.date) + letter->header);
  mail::Envelope envelope = envelope_of(work.options, std::move(*sender), std::move(recipients), importance);
  envelope.mode = delivery_mode(work);
  const auto queued = submission::submit(work.doors, envelope, text);
  if (!queued) return fail(Trouble{status_of(queued.error()), queued.error().text});
  return Queued{*queued, envelope.recipients.size()};
}

std::string described(const Queued& queued) {
  const std::string whom = fmt::format("{} recipient{}", queued.recipients, queued.recipients == 1 ? "" : "s");
  if (queued.where.door == submission::Queued::Door::kProgram) return fmt::format("queued for {}\n", whom);
  return fmt::format("{} queued for {}\n", queued.where.id.raw(), whom);
}

}  // namespace

int deliver(const Work& work) {
  submission::ProgramText text(STDIN_FILENO, !work.options.ignore_dots);
  const auto queued = queue(work, text);
  if (!queued) {
    const Trouble& trouble = queued.error();
    work.say(trouble.text);
    const bool mails = work.options.errors == Errors::kMail || work.options.errors == Errors::kMailAndCheer;
    const bool mailed = mails && trouble.of_message && mail_complaint(work, trouble.text, text);
    return mailed && work.options.errors == Errors::kMailAndCheer ? EX_OK : trouble.status;
  }
  const bool has_id = queued->where.door == submission::Queued::Door::kIntake;
  if (has_id && delivery_mode(work) == mail::DeliveryMode::kInteractive) return try_now(work, queued->where.id);
  if (work.options.verbose) std::fputs(described(*queued).c_str(), stdout);
  return EX_OK;
}

}  // namespace sluice::sendmail
