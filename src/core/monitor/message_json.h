// What the control socket of a queue says of one message (docs/formats.md, "Control sockets"), for listings of a
// million: MessageWriter makes the object without a tree and MessageReader reads it back. Pure.
//
// Members that have nothing to say are left out; the reader skips those that it does not know. Octets that are no UTF-8
// are shown as U+FFFD.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::monitor {

// Appends one object: begin, any number of recipient, end.
class MessageWriter {
 public:
  struct Head {
    std::uint64_t id = 0;
    std::string_view queue{}, sender{};
    std::int64_t arrival = 0;    // seconds since 1970
    std::uint64_t size = 0;      // octets
    std::uint32_t accepted = 0;  // recipients that it came with
    int precedence = 0;
    bool eight_bit = false, warned = false, held = false;
    std::string_view hold_reason{};
    std::string_view lost{};  // the file, below the queue, to which it was set aside
  };
  struct Holder {
    unsigned queue = 0;
    std::uint64_t attempts = 0;
  };
  struct Recipient {
    std::string_view address{}, channel{}, state{};  // no channel: it is not routed yet
    std::uint64_t attempts = 0;
    std::string_view text{}, reason{}, lane{};
    std::optional<std::int64_t> next{};  // seconds since 1970
    std::span<const Holder> holders{};   // of the limit that it waits for
  };

  explicit MessageWriter(std::string& out) : out_(out) {}
  void begin(const Head& head);
  void recipient(const Recipient& recipient);
  void end();

 private:
  std::string& out_;
  bool first_ = true;
};

// A message read back. Its texts keep their room from one message to the next.
struct QueuedMessage {
  struct Recipient {
    std::string address, state, reason, text;
    std::uint64_t attempts = 0;
    std::int64_t next = 0;  // seconds since 1970; 0: not said
    bool done() const { return state == "delivered" || state == "failed"; }
  };
  std::uint64_t id = 0;
  std::int64_t arrival = 0;
  std::uint64_t size = 0, accepted = 0;
  std::string sender;
  int precedence = 0;
  bool eight_bit = false, warned = false, held = false;
  std::string hold_reason;
  std::string lost;  // the file to which it was set aside; empty: it is a message

  std::span<const Recipient> recipients() const { return std::span(recipients_).first(count_); }

  // False: `json` is no such object, and what was read is of no use.
  bool read(Octets json);

 private:
  std::vector<Recipient> recipients_;
  std::size_t count_ = 0;
};

}  // namespace sluice::monitor
