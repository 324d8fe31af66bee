// Names of files in a Maildir: unique over time, processes and hosts, and safe as a file name whatever the host calls
// itself. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::maildir {

struct NameParts {
  std::int64_t seconds = 0;       // since 1970
  std::int64_t microseconds = 0;  // of that second
  std::int64_t pid = 0;
  std::uint64_t sequence = 0;  // deliveries of this process so far
  std::string_view host;
};

// "1732252800.M123456P789Q5.mx.example.net". In the host '/' becomes "\057", ':' "\072", anything else that is not
// printable ASCII "_"; a host too long for a file name is cut.
std::string unique_name(const NameParts& parts);

}  // namespace sluice::maildir
