// qmail-inject: completes the header of a message and queues it. See qmail-inject(8).
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "core/mail/address.h"
#include "core/mail/header.h"
#include "core/mail/precedence.h"
#include "core/submission/letter.h"
#include "identity.h"
#include "options.h"
#include "system/config/load.h"
#include "system/os/clock.h"
#include "system/os/failure.h"
#include "system/os/process.h"
#include "system/submission/originator.h"
#include "system/submission/program_text.h"

namespace sluice::inject {

namespace {

constexpr const char* kName = "qmail-inject";
constexpr const char* kUsage = "usage: qmail-inject [-nN] [-aAhH] [-f sender] [recipient ...]";
constexpr int kPermanent = 100, kTemporary = 111;

template <class T>
T or_fatal(Result<T, std::string> result, int status = kPermanent) {
  if (!result) throw os::Fatal(status, result.error());
  return std::move(*result);
}

// An argument is a mailbox without quotes or escapes, as qmail-inject takes it: local@host or local.
std::string recipient(const std::string& argument, const submission::Names& names) {
  submission::ListedAddress address;
  address.local = mail::local_part_of(argument);
  address.host = mail::domain_of(argument);
  return or_fatal(submission::envelope_address(address, names));
}

// The lists of $QMAILMFTFILE, an address a line.
std::vector<std::string> mailing_lists(const os::Environment& environment) {
  const std::string path = environment.find("QMAILMFTFILE").value_or("");
  std::vector<std::string> lists;
  if (path.empty()) return lists;
  std::ifstream file(path);
  if (!file) throw os::Fatal(kTemporary, os::with_errno("cannot read " + path));
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lists.push_back(line);
  if (file.bad()) throw os::Fatal(kTemporary, os::with_errno("cannot read " + path));
  return lists;
}

bool takes_header(const Options& options) {
  switch (options.recipients) {
    case Recipients::kArguments:
      return false;
    case Recipients::kArgumentsOrHeader:
      return options.arguments.empty();
    case Recipients::kHeader:
    case Recipients::kBoth:
      return true;
  }
  return true;
}

submission::LetterRules rules_of(const Options& options, const submission::Names& names, const Identity& identity,
                                 const os::Environment& environment, const submission::Stamp& stamp) {
  submission::LetterRules rules;
  rules.names = names;
  rules.take_recipients = takes_header(options);
  rules.strict = true;
  rules.drop_from = identity.delete_from;
  rules.drop_message_id = identity.delete_message_id;
  rules.name_nobody = true;
  rules.author = submission::author_value(identity.name, identity.author, identity.name_as_comment);
  rules.date = stamp.date;
  rules.message_id = stamp.message_id;
  rules.mailing_lists = mailing_lists(environment);
  return rules;
}

std::string sender_of(const Options& options, const submission::Names& names, const Identity& identity,
                      const submission::Letter& letter) {
  if (options.sender)
    return options.sender->empty() ? "" : or_fatal(submission::single_address(*options.sender, names));
  if (letter.return_path && !identity.ignore_return_path) return *letter.return_path;
  return identity.sender;
}

mail::Envelope envelope_of(const Options& options, const submission::Names& names, submission::Letter& letter,
                           std::string sender) {
  mail::Envelope envelope;
  envelope.smtputf8 = !mail::is_ascii(sender);
  envelope.sender = std::move(sender);
  envelope.line_form = mail::LineForm::kLf;
  const auto add = [&](std::string address) {
    envelope.smtputf8 |= !mail::is_ascii(address);
    envelope.recipients.push_back({.address = std::move(address), .notify = 0, .original_recipient = {}});
  };
  if (options.recipients != Recipients::kHeader)
    for (const std::string& argument : options.arguments) add(recipient(argument, names));
  for (std::string& address : letter.recipients) add(std::move(address));
  return envelope;
}

void print(submission::ProgramText& text) {
  std::array<char, 65536> piece;
  for (;;) {
    const auto count = text.read(piece.data(), piece.size());
    if (!count) throw os::Fatal(kTemporary, "cannot read the message");
    if (*count == 0) break;
    std::fwrite(piece.data(), 1, *count, stdout);
  }
  if (std::fflush(stdout) != 0) throw os::Fatal(kTemporary, os::with_errno("cannot write the message"));
}

int run(int argc, char** argv) {
  os::occupy_standard_streams();
  const auto options = parse(argc, argv);
  if (!options) throw os::Fatal(kPermanent, fmt::format("{}; {}", options.error(), kUsage));
  const config::Environment environment = config::process_environment();
  const auto loaded = config::load({}, environment);
  if (!loaded) return std::fputs(config::problem_lines(kName, loaded.error()).c_str(), stderr), kTemporary;
  const settings::Settings& settings = loaded->settings;
  const submission::Names names = submission::names_of(settings);
  const Identity identity = or_fatal(read_identity([&](const char* name) { return environment.variables.find(name); },
                                                   names, to_seconds(os::wall_now()), ::getpid()));
  const submission::Stamp stamp = submission::new_stamp(names);
  const auto rules = rules_of(*options, names, identity, environment.variables, stamp);

  submission::ProgramText text(STDIN_FILENO, false);
  if (!text.read_header()) throw os::Fatal(text.header_too_long() ? kPermanent : kTemporary, text.error());
  const std::size_t hops = mail::count_hops(text.fields());
  submission::Letter letter = or_fatal(submission::prepare_letter(text.fields(), rules));
  mail::Envelope envelope = envelope_of(*options, names, letter, sender_of(*options, names, identity, letter));
  const mail::Importance importance = mail::importance_of_message(text.fields());
  envelope.precedence = importance.precedence;
  envelope.urgency = importance.urgency;
  if (options->print) return text.replace_header(letter.header), print(text), 0;
  if (envelope.recipients.empty()) throw os::Fatal(kPermanent, "no recipients");
  if (hops >= settings.smtp_max_hops) throw os::Fatal(kPermanent, "too many hops: the message seems to go in circles");

  text.replace_header(submission::received_field(settings, kName, stamp.date) + letter.header);
  const auto doors = submission::doors_of(settings, environment.variables, true);
  const auto queued = submission::submit(doors, envelope, text);
  if (!queued) throw os::Fatal(queued.error().permanent ? kPermanent : kTemporary, queued.error().text);
  return 0;
}

}  // namespace

}  // namespace sluice::inject

int main(int argc, char** argv) { return sluice::os::run_main("qmail-inject", sluice::inject::run, argc, argv); }
