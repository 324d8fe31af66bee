#include "core/mail/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::mail {

namespace {

constexpr const char* kWeekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};  // day 0 was a Thursday
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::int64_t kSecondsPerDay = 86400;
constexpr std::int64_t kFirstSecond = -2208988800;  // 1900-01-01 00:00:00
constexpr std::int64_t kLastSecond = 253402300799;  // 9999-12-31 23:59:59
constexpr std::int64_t kGreatestOffset = 99 * 60 + 59;

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

CivilDate civil_from_days(std::int64_t days) {
  // Counted from 0000-03-01, so that the leap day is the last day of a year; 400 years are one era of 146,097 days.
  constexpr std::int64_t kDaysPerEra = 146097, kEpoch = 719468;
  const std::int64_t shifted = days + kEpoch;
  const std::int64_t era = floor_divide(shifted, kDaysPerEra);
  const std::int64_t day_of_era = shifted - era * kDaysPerEra;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (kDaysPerEra - 1)) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const std::int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
  const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return {year, static_cast<unsigned>(month), static_cast<unsigned>(day)};
}

void append_date(std::string& out, WallTime time, std::chrono::minutes utc_offset) {
  std::int64_t offset = utc_offset.count();
  if (offset < -kGreatestOffset || offset > kGreatestOffset) offset = 0;
  const std::int64_t utc = floor_divide(to_millis(time), 1000);
  const std::int64_t local = std::clamp(utc, kFirstSecond, kLastSecond) + offset * 60;
  const std::int64_t shown = std::clamp(local, kFirstSecond, kLastSecond);
  const std::int64_t days = floor_divide(shown, kSecondsPerDay);
  const std::int64_t second = shown - days * kSecondsPerDay;
  const CivilDate date = civil_from_days(days);
  const std::int64_t distance = offset < 0 ? -offset : offset;
  fmt::format_to(std::back_inserter(out), "{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                 kWeekdays[days - floor_divide(days, 7) * 7], date.day, kMonths[date.month - 1], date.year,
                 second / 3600, second / 60 % 60, second % 60, offset < 0 ? '-' : '+', distance / 60, distance % 60);
}

std::string format_date(WallTime time, std::chrono::minutes utc_offset) {
  std::string date;
  append_date(date, time, utc_offset);
  return date;
}

}  // namespace sluice::mail
