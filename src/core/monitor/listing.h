// A queue in the words of qmail-qread. Pure.
//
//   Sun, 22 Nov 2026 02:41:50 GMT  S/#N  BYTES  <SENDER>  bouncing
//   	remote	RECIPIENT
//     done	local	RECIPIENT
//
// N is the id of the message and S = N mod CONFSPLIT, as if that were the number of a file. Mail of the channel lmtp,
// which qmail does not have, is shown with the remote mail: the same daemon takes it away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/queue/message.h"

namespace sluice::monitor {

enum class ListedChannel : std::uint8_t { kLocal, kRemote, kLmtp, kTodo };

struct ListedRecipient {
  ListedChannel channel = ListedChannel::kRemote;
  std::string address;
  bool done = false;
};

struct ListedMessage {
  std::uint64_t number = 0;
  std::int64_t arrival = 0;  // seconds since 1970
  std::uint64_t octets = 0;
  std::string sender;     // empty: the null sender
  bool bouncing = false;  // a recipient has failed
  std::vector<ListedRecipient> recipients;
};

// What of a queue is listed.
struct Selection {
  bool local = false, remote = false, todo = false;
  bool takes(ListedChannel channel) const;
};

// Recipients of each kind, those that are done too; messages that bounce, or wait in todo.
struct ListedCounts {
  std::uint64_t local = 0, remote = 0, bounce = 0, todo = 0;
  void add(const ListedMessage& message, const Selection& selection);
  void add(const ListedCounts& other);
};

// The recipients of the selection; nothing at all if there are none. Foreign octets are made printable.
void append_message(std::string& out, const ListedMessage& message, const Selection& selection, unsigned split);

// "Messages in local  queue: 3\n" and so on, for what was selected; `before` is "" or "Total ".
std::string counts_text(const ListedCounts& counts, const Selection& selection, std::string_view before);

}  // namespace sluice::monitor
