#include "options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"
#include "core/mail/dsn_parameters.h"
#include "message_options.h"

namespace sluice::sendmail {

namespace {

constexpr const char* kLetters = ":A:B:b:C:cD:d::e:F:f:Gh:IiL:M:mN:nO:o:p:Q:q::R:r:sTtUV:vX:x";
enum Long : int { kReadEnvelopeFrom = 256, kFrom };
constexpr std::array kLongOptions{
    option{"read-envelope-from", no_argument, nullptr, kReadEnvelopeFrom},  // these three are msmtp's
    option{"read-recipients", no_argument, nullptr, 't'},
    option{"from", required_argument, nullptr, kFrom},
    option{nullptr, 0, nullptr, 0},
};

using Taken = Result<void, std::string>;

Mode mode_by_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "mailq") return Mode::kListQueue;
  if (name == "newaliases") return Mode::kRebuildAliases;
  return Mode::kDeliver;
}

Taken take_mode(std::string_view value, Options& options) {
  switch (value.size() == 1 ? value.front() : '\0') {
    case 'm':
      options.mode = Mode::kDeliver;
      return {};
    case 's':
      options.mode = Mode::kSmtp;
      return {};
    case 'v':
      options.mode = Mode::kVerify;
      return {};
    case 'p':
      options.mode = Mode::kListQueue;
      return {};
    case 'i':
      options.mode = Mode::kRebuildAliases;
      return {};
    case 'd':
    case 'D':
      return fail(std::string("the server is not started by sendmail -bd; start it with qscheduler -s or sluice run"));
    case 'P':
    case 'h':
    case 'H':
      return fail(fmt::format("-b{}: sluice status shows how many messages wait, and for which hosts", value));
    case 't':
      return fail(std::string("-bt: there are no rewriting rules to test; sendmail -bv shows where an address goes"));
    default:
      return fail(fmt::format("unknown mode -b{}", value));
  }
}

Taken take_body_type(std::string_view value, Options& options) {
  options.eight_bit = ascii_equal_ignore_case(value, "8BITMIME");
  if (options.eight_bit || ascii_equal_ignore_case(value, "7BIT")) return {};
  return fail(fmt::format("-B {}: the body is 7BIT or 8BITMIME", value));
}

Taken take_notify(std::string_view value, Options& options) {
  const auto notify = mail::parse_notify(value);
  if (!notify) return fail(fmt::format("-N {}: never, or some of success, failure and delay", value));
  options.notify = *notify;
  return {};
}

Taken take_return(std::string_view value, Options& options) {
  const auto ret = mail::parse_return(value);
  if (!ret) return fail(fmt::format("-R {}: full or hdrs", value));
  options.ret = *ret;
  return {};
}

Taken take_envelope_id(std::string_view value, Options& options) {
  if (!mail::is_envelope_id(value))
    return fail(fmt::format("-V {}: an envelope id is xtext of at most {} characters (RFC 3461)", value,
                            mail::kMaximumEnvelopeId));
  options.envelope_id = value;
  return {};
}

Taken take_hops(std::string_view value, Options& options) {
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), options.hops);
  if (error != std::errc{} || end != value.data() + value.size())
    return fail(fmt::format("-h {}: not a number", value));
  return {};
}

Taken take_sender(std::string_view value, Options& options) {
  if (options.sender && *options.sender != value) return fail(std::string("more than one sender is given"));
  options.sender = value;
  return {};
}

Taken take(int letter, std::string_view value, Options& options) {
  switch (letter) {
    case 'A':
      if (value == "c" || value == "m") return {};
      return fail(fmt::format("-A {}: c or m", value));
    case 'B':
      return take_body_type(value, options);
    case 'b':
      return take_mode(value, options);
    case 'C':
      return fail(
          std::string("-C: the settings are those of the instance, which SLUICE_HOME names; no other file is read"));
    case 'D':
    case 'X':
      return fail(
          fmt::format("-{}: no log of the traffic is written to files that a caller names", static_cast<char>(letter)));
    case 'e':
      return take_error_mode(value, options);
    case 'F':
      options.full_name = value;
      return {};
    case 'f':
    case 'r':
    case kFrom:
      return take_sender(value, options);
    case kReadEnvelopeFrom:
      options.sender_from_header = true;
      return {};
    case 'G':
      options.gateway = true;
      return {};
    case 'h':
      return take_hops(value, options);
    case 'I':
      options.mode = Mode::kRebuildAliases;
      return {};
    case 'i':
      options.ignore_dots = true;
      return {};
    case 'N':
      return take_notify(value, options);
    case 'O':
      return take_named(value, options);
    case 'o':
      return take_letter(value, options);
    case 'Q':
      return fail(std::string("-Q: messages are not quarantined by sendmail"));
    case 'q':
      return fail(
          fmt::format("-q{}: queue runs are not started by sendmail; qscheduler and sluice run start a scheduler "
                      "that tries each message when it is due",
                      value));
    case 'R':
      return take_return(value, options);
    case 't':
      options.recipients_from_header = true;
      return {};
    case 'V':
      return take_envelope_id(value, options);
    case 'v':
      options.verbose = true;
      return {};
    default:  // c d L M m n p s T U x: hints that change nothing here
      return {};
  }
}

std::string option_name(int argc, char* const* argv) {
  const bool is_long = ::optopt == 0 || ::optopt >= kReadEnvelopeFrom;
  if (is_long && ::optind > 0 && ::optind <= argc) return argv[::optind - 1];
  return fmt::format("-{}", static_cast<char>(::optopt));
}

}  // namespace

Result<Options, std::string> parse(int argc, char* const* argv) {
  Options options;
  if (argc > 0) options.mode = mode_by_name(argv[0]);
  ::optind = 0;  // begins anew, whoever used it before
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, kLetters, kLongOptions.data(), nullptr)) != -1;) {
    if (letter == '?') return fail(fmt::format("unknown option {}", option_name(argc, argv)));
    if (letter == ':') return fail(fmt::format("option {} needs a value", option_name(argc, argv)));
    if (const auto taken = take(letter, ::optarg == nullptr ? "" : ::optarg, options); !taken)
      return fail(taken.error());
  }
  for (int i = ::optind; i < argc; ++i) options.addresses.emplace_back(argv[i]);
  const bool of_the_instance = options.mode == Mode::kListQueue || options.mode == Mode::kRebuildAliases;
  if (of_the_instance && !options.addresses.empty())
    return fail(fmt::format("{} is not expected: {} takes no addresses", options.addresses.front(),
                            options.mode == Mode::kListQueue ? "a listing of the queue" : "making the aliases"));
  return options;
}

}  // namespace sluice::sendmail
