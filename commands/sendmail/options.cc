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

constexpr const char* kLetters = ":A:B:b:C:cD:d::e:F:f:Gh:IiL:M:mN:nO:o:p:Q::q::R:r:sTtUV:vX:x";
enum Long : int { kReadEnvelopeFrom = 256, kFrom, kJson };
constexpr std::array kLongOptions{
    option{"read-envelope-from", no_argument, nullptr, kReadEnvelopeFrom},  // these three are msmtp's
    option{"read-recipients", no_argument, nullptr, 't'},
    option{"from", required_argument, nullptr, kFrom},
    option{"json", no_argument, nullptr, kJson},
    option{nullptr, 0, nullptr, 0},
};

using Taken = Result<void, std::string>;

// A command line as it is read. The mode is judged when all of it is known.
struct Reading {
  Options options;
  std::string mode = "m";  // the letter behind -b
};

std::string mode_by_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name == "mailq") return "p";
  if (name == "newaliases") return "i";
  if (name == "smtpd") return "d";
  if (name == "hoststat") return "h";
  if (name == "purgestat") return "H";
  return "m";
}

Taken set_mode(std::string_view value, Options& options) {
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
    case 'P':
      options.mode = Mode::kCountQueue;
      return {};
    case 'i':
      options.mode = Mode::kRebuildAliases;
      return {};
    case 'd':
    case 'D':
      options.mode = Mode::kDaemon;
      options.listens = true;
      options.attached = options.attached || value == "D";
      return {};
    case 'h':
    case 'H':
      return fail(fmt::format("-b{}: sluice status shows for which hosts messages wait, and why", value));
    case 't':
      return fail(std::string("-bt: there are no rewriting rules to test; sendmail -bv shows where an address goes"));
    default:
      return fail(fmt::format("unknown mode -b{}", value));
  }
}

// -d: FLAG[.LEVEL] and RANGE.LEVEL, separated by commas. Two of them say something here.
void take_debugging(std::string_view value, Options& options) {
  while (!value.empty()) {
    const std::string_view flag = value.substr(0, value.find(','));
    value.remove_prefix(std::min(value.size(), flag.size() + 1));
    const std::size_t dot = flag.find('.');
    const std::string_view name = flag.substr(0, dot);
    int level = 1;
    if (dot != flag.npos) std::from_chars(flag.data() + dot + 1, flag.data() + flag.size(), level);
    if (name == "no_persistent_restart" && level > 0) options.restart_runners = false;
    if (name == "99" && level >= 100) options.attached = true;
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

Taken take(int letter, std::string_view value, Reading& reading) {
  Options& options = reading.options;
  switch (letter) {
    case 'A':  // there is one configuration, for submission and for everything else
      if (value == "c" || value == "m") return {};
      return fail(fmt::format("-A {}: c or m", value));
    case 'B':
      return take_body_type(value, options);
    case 'b':
      reading.mode = value;
      return {};
    case 'C':
      return fail(
          std::string("-C: the settings are those of the instance, which SLUICE_HOME names; no other file is read"));
    case 'D':
    case 'X':
      return fail(
          fmt::format("-{}: no log of the traffic is written to files that a caller names", static_cast<char>(letter)));
    case 'd':
      take_debugging(value, options);
      return {};
    case 'e':
      return take_error_mode(value, options);
    case 'F':
      options.full_name = value;
      return {};
    case 'f':
    case 'r':
    case kFrom:
      return take_sender(value, options);
    case kJson:
      options.json = true;
      return {};
    case kReadEnvelopeFrom:
      options.sender_from_header = true;
      return {};
    case 'G':
      options.gateway = true;
      return {};
    case 'h':
      return take_hops(value, options);
    case 'I':
      reading.mode = "i";
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
      options.hold_reason = value;
      return {};
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
    default:  // c L M m n p s T U x: hints that change nothing here
      return {};
  }
}

std::string option_name(int argc, char* const* argv) {
  const bool is_long = ::optopt == 0 || ::optopt >= kReadEnvelopeFrom;
  if (is_long && ::optind > 0 && ::optind <= argc) return argv[::optind - 1];
  return fmt::format("-{}", static_cast<char>(::optopt));
}

// sendmail takes the next word for a -q without anything behind it, unless it is an option.
std::string_view queue_value(int argc, char* const* argv) {
  if (::optarg != nullptr) return ::optarg;
  if (::optind >= argc || argv[::optind][0] == '-' || argv[::optind][0] == '\0') return "0";
  return argv[::optind++];
}

Failure<Misuse> misuse(std::string text, bool word_for_word = false) {
  return fail(Misuse{.text = std::move(text), .word_for_word = word_for_word});
}

// What -q makes of the mode.
Result<void, Misuse> combine_queue(const Reading& reading, Options& options) {
  const std::string& mode = reading.mode;
  if (mode != "m" && mode != "d" && mode != "D" && mode != "p" && mode != "P")
    return misuse(fmt::format("{}Can not use -q with -b{}", mode == "s" ? "550 " : "", mode), true);
  if (mode == "m") options.mode = options.queue.is_once() ? Mode::kRunQueue : Mode::kDaemon;
  return {};
}

Result<void, Misuse> combine_hold(Options& options) {
  if (*options.hold_reason == ".") return misuse("Can not use -Q.", true);
  if (options.mode == Mode::kListQueue) return misuse("Can not use -Q with -bp", true);
  if (options.queue.selector.view == select::View::kLost) return misuse("Can not use -Q with -qL", true);
  const bool of_the_queue = options.mode == Mode::kRunQueue || (options.mode == Mode::kDaemon && !options.listens);
  if (!of_the_queue) return misuse("-Q needs -q, which says what is held or released");
  if (options.hold_reason->empty() && options.queue.selector.view != select::View::kHeld)
    return misuse("-Q without a reason releases messages, and -qQ says which");
  options.mode = Mode::kHold;
  return {};
}

Result<void, Misuse> combine(const Reading& reading, Options& options) {
  if (options.queue.given)
    if (auto combined = combine_queue(reading, options); !combined) return combined;
  if (options.hold_reason)
    if (auto combined = combine_hold(options); !combined) return combined;
  const bool takes_addresses =
      options.mode == Mode::kDeliver || options.mode == Mode::kVerify || options.mode == Mode::kSmtp;
  if (!takes_addresses && !options.addresses.empty())
    return misuse(
        fmt::format("{} is not expected: {} takes no addresses", options.addresses.front(),
                    options.mode == Mode::kRebuildAliases ? "making the aliases" : "what is asked of the queue"));
  return {};
}

}  // namespace

Result<Options, Misuse> parse(int argc, char* const* argv) {
  Reading reading;
  Options& options = reading.options;
  if (argc > 0) reading.mode = mode_by_name(argv[0]);
  ::optind = 0;  // begins anew, whoever used it before
  ::opterr = 0;
  for (int letter; (letter = ::getopt_long(argc, argv, kLetters, kLongOptions.data(), nullptr)) != -1;) {
    if (letter == '?') return misuse(fmt::format("unknown option {}", option_name(argc, argv)));
    if (letter == ':') return misuse(fmt::format("option {} needs a value", option_name(argc, argv)));
    if (letter == 'q') {
      if (auto taken = take_queue(queue_value(argc, argv), options.queue); !taken) return fail(taken.error());
      continue;
    }
    if (auto taken = take(letter, ::optarg == nullptr ? "" : ::optarg, reading); !taken) return misuse(taken.error());
  }
  for (int i = ::optind; i < argc; ++i) options.addresses.emplace_back(argv[i]);
  if (!options.queue.given || std::string_view("mdDpP").find(reading.mode) != std::string_view::npos)
    if (const auto set = set_mode(reading.mode, options); !set) return misuse(set.error());
  if (auto combined = combine(reading, options); !combined) return fail(combined.error());
  return std::move(options);
}

}  // namespace sluice::sendmail
