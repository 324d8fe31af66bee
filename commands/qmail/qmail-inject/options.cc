#include "options.h"

#include <fmt/format.h>
#include <unistd.h>

namespace sluice::inject {

Result<Options, std::string> parse(int argc, char* const* argv) {
  Options options;
  ::optind = 0;  // begins anew, whoever used it before
  ::opterr = 0;
  for (int option; (option = ::getopt(argc, argv, "+:aAhHnNf:")) != -1;) switch (option) {
      case 'a':
        options.recipients = Recipients::kArguments;
        break;
      case 'A':
        options.recipients = Recipients::kArgumentsOrHeader;
        break;
      case 'h':
        options.recipients = Recipients::kHeader;
        break;
      case 'H':
        options.recipients = Recipients::kBoth;
        break;
      case 'n':
        options.print = true;
        break;
      case 'N':
        options.print = false;
        break;
      case 'f':
        options.sender = ::optarg;
        break;
      case ':':
        return fail(fmt::format("option -{} needs a value", static_cast<char>(::optopt)));
      default:
        return fail(fmt::format("unknown option -{}", static_cast<char>(::optopt)));
    }
  for (int i = ::optind; i < argc; ++i) options.arguments.emplace_back(argv[i]);
  return options;
}

}  // namespace sluice::inject
