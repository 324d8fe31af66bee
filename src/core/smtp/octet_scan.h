// Finds the next CR or LF: the one search that decoding and encoding of message octets spend their time in. SSE2, which
// every x86-64 has; elsewhere octet by octet.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>

namespace sluice::smtp {

// The first CR or LF in [from, end), or `end`.
inline const char* find_newline_octet(const char* from, const char* end) {
#ifdef __SSE2__
  const __m128i cr = _mm_set1_epi8('\r');
  const __m128i lf = _mm_set1_epi8('\n');
  for (; end - from >= 16; from += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(block, cr), _mm_cmpeq_epi8(block, lf));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return from + std::countr_zero(mask);
  }
#endif
  while (from != end && *from != '\r' && *from != '\n') ++from;
  return from;
}

}  // namespace sluice::smtp
