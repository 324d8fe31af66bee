// Bytes from outside (network, disk, pipe) travel as std::string_view over octets: the parsers compare them with
// ASCII literals and nothing assumes that they are text. A view never outlives the buffer it points into; what must
// live longer is a std::string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

using Octets = std::string_view;  // borrowed octets

inline std::span<const std::byte> as_byte_span(Octets octets) {
  return std::as_bytes(std::span<const char>(octets.data(), octets.size()));
}

// Unsigned integers in little-endian order, as they stand on disk and on our wires. The caller checks the length.
template <class T>
T load_le(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class T>
void store_le(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}
template <class T>
void append_le(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the formats are little-endian; this code relies on it");

// ASCII case folding, independent of the locale: domains, SMTP verbs and header names are ASCII without case.
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
std::string ascii_lowered(std::string_view text);
bool ascii_equal_ignore_case(std::string_view a, std::string_view b);

}  // namespace sluice
