// The small grammars of settings: durations, sizes, networks, endpoints, the checks of text, control files and -O. What
// is accepted must come back the same from its own text form; error places must lie in the text.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/settings/sources.h"
#include "core/settings/table.h"
#include "core/settings/value.h"

namespace {

using namespace sluice::settings;

void must(bool holds) {
  if (!holds) std::abort();
}

template <class Parsed>
void place_lies_within(const Parsed& parsed, std::string_view text) {
  must(parsed || parsed.error().at <= text.size());
}

void quantities(std::string_view text) {
  const auto duration = parse_duration(text, TimeUnit::kMinutes);
  place_lies_within(duration, text);
  if (duration) must(parse_duration(format_duration(*duration), TimeUnit::kMinutes).value() == *duration);
  const auto size = parse_size(text);
  place_lies_within(size, text);
  if (size) must(parse_size(format_size(*size)).value() == *size);
  place_lies_within(parse_integer(text), text);
}

void addresses(std::string_view text) {
  const auto network = Network::parse(text);
  place_lies_within(network, text);
  if (network) must(Network::parse(network->to_text()).value() == *network);
  const auto endpoint = Endpoint::parse(text);
  place_lies_within(endpoint, text);
  if (endpoint) must(Endpoint::parse(endpoint->to_text()).value() == *endpoint);
}

void checks(std::string_view text) {
  for (const auto& row : table()) {
    if (row.shape.check == nullptr) continue;
    const auto finding = row.shape.check(text);
    must(!finding || finding->at <= text.size());
  }
}

// Every control file with these contents, and every setting given this text by -O.
void sources(const std::string& text) {
  Sources all{.home = "/srv/mail", .host_name = "mail.example.org"};
  for (const auto& row : table()) {
    if (!row.names.control.empty()) all.control.push_back({"/c/" + std::string(row.names.control), text});
    all.command_line.push_back({std::string(row.name), text});
  }
  all.command_line.push_back({text, text});
  for (const auto& problem : evaluate(all).problems) must(!problem.to_text().empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  quantities(text);
  addresses(text);
  checks(text);
  if (size <= 4096) sources(text);
  return 0;
}
