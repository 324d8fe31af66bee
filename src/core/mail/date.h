// Dates as headers write them (RFC 5322 3.3). Pure arithmetic on the proleptic Gregorian calendar: no time zone
// database, no locale; the caller says how far local time is from UTC.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace sluice::mail {

struct CivilDate {
  std::int64_t year = 1970;
  unsigned month = 1;  // 1..12
  unsigned day = 1;    // 1..31
  friend bool operator==(const CivilDate&, const CivilDate&) = default;
};

// The date `days` after (before, if negative) 1970-01-01.
CivilDate civil_from_days(std::int64_t days);

// "Fri, 21 Nov 1997 09:55:06 -0600". East of Greenwich is positive; offsets beyond 99 hours 59 minutes are taken as 0.
// Years outside 1900..9999, which the grammar cannot hold, are shown as the nearest moment that it can.
void append_date(std::string& out, WallTime time, std::chrono::minutes utc_offset = std::chrono::minutes{0});
std::string format_date(WallTime time, std::chrono::minutes utc_offset = std::chrono::minutes{0});

}  // namespace sluice::mail
