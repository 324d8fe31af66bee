// A message in an mbox: no line of it can be taken for the beginning of another, one '>' taken off gives the message
// back, and how it was cut into pieces does not matter.
#include <cstddef>
#include <cstdint>

#include "base/invariant.h"
#include "core/local/mbox_format.h"

using namespace sluice;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets text(reinterpret_cast<const char*>(data), size);
  std::string whole, pieces;
  local::MboxQuoter first, second;
  first.append(whole, text);
  first.finish(whole);
  for (const char& c : text) second.append(pieces, Octets(&c, 1));
  second.finish(pieces);
  invariant(whole == pieces, "pieces matter");
  std::string back;
  for (Octets rest = whole; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    invariant(end != Octets::npos, "the last line is open");
    Octets line = rest.substr(0, end + 1);
    invariant(!line.starts_with("From "), "a line that begins a message");
    const std::size_t from = line.find_first_not_of('>');
    if (from > 0 && line.substr(from).starts_with("From ")) line.remove_prefix(1);
    back += line;
    rest.remove_prefix(end + 1);
  }
  invariant(back.ends_with('\n'), "no empty line at the end");
  back.pop_back();
  invariant(back == text || back == std::string(text) + '\n', "the message does not come back");
  return 0;
}
