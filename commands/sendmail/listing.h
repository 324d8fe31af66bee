// The queue in the words of mailq: sendmail's columns, which people and scripts know. Pure.
//
//   -----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
//   ID            sSIZE     DATE             SENDER
//        QUARANTINE: REASON
//         8BITMIME   (STATUS)
//                                            RECIPIENT
//
// Verbose lines show the priority number too, behind it a '+' if the sender knows of the delay, and what became of each
// recipient.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/monitor/message_json.h"
#include "core/schedule/priority.h"

namespace sluice::sendmail {

std::string_view title(bool verbose);

// "		DIRECTORY (2 requests)\n", or that it is empty.
//   most  of them are printed; 0: all
std::string heading(std::string_view directory, std::uint64_t messages, std::uint64_t most = 0);

// "\t\tTotal requests: 2\n"
std::string total(std::uint64_t messages);

class Listing {
 public:
  struct Form {
    bool verbose = false;
    schedule::PriorityFactors factors{};
    std::int64_t now = 0;  // seconds since 1970
  };
  // Minutes east of Greenwich at a second since 1970.
  using UtcOffset = std::chrono::minutes (*)(std::int64_t second);

  Listing(const Form& form, UtcOffset utc_offset) : form_(form), utc_offset_(utc_offset) {}

  // Appends the lines of one message: of its recipients those that are not done.
  void append(std::string& out, const monitor::QueuedMessage& message);

 private:
  std::string_view date(std::int64_t second);

  const Form form_;
  const UtcOffset utc_offset_;
  // Messages of one minute follow each other.
  std::int64_t minute_ = -1;
  std::string date_;
};

}  // namespace sluice::sendmail
