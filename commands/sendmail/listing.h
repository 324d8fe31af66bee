// The queue in the words of mailq: sendmail's columns, which people and scripts know. Pure.
//
//   -----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------
//   ID            sSIZE     DATE             SENDER
//                    (STATUS)
//                                            RECIPIENT
//
// Verbose lines show the priority too, in sendmail's numbers, and what became of each recipient.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sendmail {

struct ListedRecipient {
  std::string address;
  std::string status;  // what the last attempt came to; may be empty
};

struct ListedMessage {
  std::string id;
  enum class State : char { kWaiting = ' ', kInFlight = '*', kNotDue = '-' } state = State::kWaiting;
  std::uint64_t size = 0;    // octets
  std::int64_t arrival = 0;  // seconds since 1970
  std::string sender;        // empty: the null sender
  std::uint64_t attempts = 0;
  std::vector<ListedRecipient> recipients;  // those who still wait
};

std::string_view title(bool verbose);
void append_message(std::string& out, const ListedMessage& message, bool verbose, std::chrono::minutes utc_offset);
// "		DIRECTORY (2 requests)\n", or that it is empty.
std::string heading(std::string_view directory, std::size_t messages);

}  // namespace sluice::sendmail
