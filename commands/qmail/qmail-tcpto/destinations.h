// The destinations that are being left alone because they cannot be reached, of all queues together: each queue finds
// that out for itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::qmail_tcpto {

struct Trouble {
  std::uint64_t failures = 0;  // in a row
  std::int64_t since = 0;      // seconds since 1970
  std::int64_t next = 0;       // when it is tried next
  std::uint64_t jobs = 0;      // deliveries that are for it
};

class Destinations {
 public:
  void add(std::string_view queue, std::string_view channel, std::string_view destination, const Trouble& trouble);
  // A line each, by channel and name, with a heading if there is any. Of several queues: the most failures in a row,
  // the first time, the next attempt of any. What is not printable in a name is a '?'.
  std::string text(std::int64_t now) const;

 private:
  struct Entry {
    Trouble trouble;
    std::vector<std::string> queues;
  };
  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace sluice::qmail_tcpto
