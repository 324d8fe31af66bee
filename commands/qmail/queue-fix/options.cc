#include "options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <charconv>

#include "core/queue/layout.h"

namespace sluice::queue_fix {

namespace {

constexpr std::size_t kLargestTcpto = 1 << 20;

std::optional<std::size_t> parse_size(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 1 && value <= kLargestTcpto ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<Options, std::string> parse(int argc, char* const* argv) {
  Options options;
  ::optind = 0;  // begins anew, whoever used it before
  ::opterr = 0;
  static const ::option kLong[] = {{"export", required_argument, nullptr, 'X'}, {nullptr, 0, nullptr, 0}};
  for (int option; (option = ::getopt_long(argc, argv, "+:imNrtvs:b:S:", kLong, nullptr)) != -1;) switch (option) {
      case 'i':
        options.ask = true;
        break;
      case 'N':
        options.change_nothing = true;
        break;
      case 'r':
        options.rate_limit = true;
        break;
      case 'm':
        options.one_user = true;
        break;
      case 't':
        options.trash = true;
        break;
      case 'X':
        options.export_to = ::optarg;
        if (options.export_to.empty()) return fail(std::string("--export: no directory given"));
        break;
      case 'v':
        options.verbose = true;
        break;
      case 's':
        options.split = queue::parse_split(::optarg);
        if (!options.split)
          return fail(fmt::format("-s {}: the split is a number from 1 to {}", ::optarg, queue::kMaximumSplit));
        break;
      case 'b':
        options.big_todo = queue::parse_big_todo(::optarg);
        if (!options.big_todo) return fail(fmt::format("-b {}: 1 splits todo and intd, 0 does not", ::optarg));
        break;
      case 'S':
        options.tcpto = parse_size(::optarg);
        if (!options.tcpto)
          return fail(fmt::format("-S {}: the size is a number from 1 to {}", ::optarg, kLargestTcpto));
        break;
      case ':':
        if (::optopt == 'X') return fail(std::string("option --export needs a value"));
        return fail(fmt::format("option -{} needs a value", static_cast<char>(::optopt)));
      default:
        if (::optopt == 0) return fail(fmt::format("unknown option {}", argv[::optind - 1]));
        return fail(fmt::format("unknown option -{}", static_cast<char>(::optopt)));
    }
  if (::optind + 1 != argc)
    return fail(std::string(::optind < argc ? "one queue at a time" : "no queue directory given"));
  options.directory = argv[::optind];
  return options;
}

}  // namespace sluice::queue_fix
