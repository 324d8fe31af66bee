#include "core/supervise/start_options.h"

#include <string_view>

#include "core/settings/check.h"

namespace sluice::supervise {

namespace {

void apply(StartOptions& options, char letter) {
  switch (letter) {
    case 's':
      options.dynamic = options.compatible = false;
      break;
    case 'd':
      options.dynamic = true;
      break;
    case 'c':
      options.dynamic = options.compatible = true;
      break;
    default:
      options.keep_count = true;
      break;  // n
  }
}

}  // namespace

Result<StartOptions, std::string> parse_start_options(std::span<const char* const> arguments,
                                                      std::string_view letters) {
  StartOptions options;
  std::size_t i = 0;
  for (; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument.size() < 2 || argument.front() != '-') break;
    if (argument == "--" && ++i > 0) break;
    for (const char letter : argument.substr(1)) {
      if (letters.find(letter) == std::string_view::npos) {
        const bool word = argument.substr(0, 2) == "--";
        return fail("unknown option " + (word ? std::string(argument) : std::string("-") + letter));
      }
      apply(options, letter);
    }
  }
  if (i < arguments.size()) {
    options.default_delivery = arguments[i++];
    if (const auto mistake = settings::check_delivery(*options.default_delivery))
      return fail("defaultdelivery: " + mistake->message +
                  "; allowed: lines of a .qmail file, as ./Maildir/ or ./Mailbox");
  }
  for (; i < arguments.size(); ++i) options.logger.emplace_back(arguments[i]);
  return options;
}

}  // namespace sluice::supervise
