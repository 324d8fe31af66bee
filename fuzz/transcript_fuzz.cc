// What a server says, on its way to a terminal: in any pieces the same lines, none too long, nothing but printable
// ASCII.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/mail/transcript.h"

namespace {

using sluice::Octets;
namespace transcript = sluice::mail::transcript;

std::vector<std::string> lines_of(Octets text, std::size_t piece) {
  transcript::Lines lines;
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size(); at += piece)
    lines.add(text.substr(at, piece), [&](Octets line) { found.push_back(transcript::harmless(line)); });
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  const auto whole = lines_of(text, size + 1);
  if (whole != lines_of(text, 1) || whole != lines_of(text, 7)) std::abort();
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  for (const std::string& line : whole)
    if (line.size() > transcript::kLongestLine || !std::all_of(line.begin(), line.end(), printable)) std::abort();
  return 0;
}
