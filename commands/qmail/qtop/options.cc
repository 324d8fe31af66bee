#include "options.h"

#include <fmt/format.h>
#include <getopt.h>

#include <charconv>
#include <string_view>

namespace sluice::qtop {

namespace {

constexpr unsigned kLongestInterval = 3600;

std::optional<std::chrono::seconds> parse_interval(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 1 && value <= kLongestInterval ? std::optional(std::chrono::seconds(value)) : std::nullopt;
}

}  // namespace

Result<Options, std::string> parse(int argc, char* const* argv) {
  constexpr int kOnce = 256, kJson = 257;
  static const option kLong[] = {
      {"once", no_argument, nullptr, kOnce}, {"json", no_argument, nullptr, kJson}, {nullptr, 0, nullptr, 0}};
  Options options;
  ::optind = 0;  // begins anew, whoever used it before
  ::opterr = 0;
  for (int found; (found = ::getopt_long(argc, argv, "+i:l:", kLong, nullptr)) != -1;) switch (found) {
      case 'i':
        options.interval = parse_interval(::optarg);
        if (!options.interval)
          return fail(
              fmt::format("-i {}: the interval is a number of seconds from 1 to {}", ::optarg, kLongestInterval));
        break;
      case 'l':
        options.log = ::optarg;
        if (options.log.empty()) return fail(std::string("-l: the name of a file is wanted"));
        break;
      case kOnce:
        options.once = true;
        break;
      case kJson:
        options.json = true;
        break;
      default:
        return fail(std::string("usage: qtop [-i interval] [-l log] [--once [--json]]"));
    }
  if (::optind != argc) return fail(std::string("usage: qtop [-i interval] [-l log] [--once [--json]]"));
  if (options.json && !options.once) return fail(std::string("--json goes with --once"));
  return options;
}

}  // namespace sluice::qtop
