// What qscheduler and the qmail-send of each of its queues say to each other, over a link that qscheduler makes before
// it starts the queue (descriptors.h). A queue that was started by qmail-start alone has no such link.
//
//   qmail-send → qscheduler   QueueReport, NeighbourLost, Drained
//   qscheduler → qmail-send   NewNeighbour (with one descriptor), Drain, Pause
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/link/messages.h"

namespace sluice::link {

// How the queue does. Sent at the start, and whenever it changed, at most every 250 ms.
struct QueueReport {
  static constexpr FrameType kType = FrameType::kQueueReport;
  struct ChannelLoad {
    std::uint32_t in_flight = 0;
    std::uint32_t limit = 0;
    std::uint32_t waiting = 0;  // jobs that wait for a slot of this channel and for nothing else
    friend bool operator==(const ChannelLoad&, const ChannelLoad&) = default;
  };
  ChannelLoad local, remote, lmtp;
  std::uint64_t messages = 0;   // in the queue, in any state
  std::uint64_t submitted = 0;  // taken since this qmail-send began
  bool taking = true;           // qmail-intake takes new messages
  bool paused = false;          // no delivery is started
  void encode(std::string& out) const;
  static std::optional<QueueReport> decode(Octets payload);
  friend bool operator==(const QueueReport&, const QueueReport&) = default;
};

// A neighbour has gone; the queue works without it until NewNeighbour brings another. kTodo and kIntake come and go
// together, because they hold a link between them. With a new kLogger comes no link but the writing end of a pipe,
// which takes the place of kActivityLog (descriptors.h).
struct NeighbourLost {
  static constexpr FrameType kType = FrameType::kNeighbourLost;
  static constexpr std::size_t kLongestReason = 500;
  Role role = Role::kCommand;
  std::uint32_t pid = 0;
  std::string why{};  // for people, e.g. "killed by signal 9"
  void encode(std::string& out) const;
  static std::optional<NeighbourLost> decode(Octets payload);
};
struct NewNeighbour {
  static constexpr FrameType kType = FrameType::kNewNeighbour;
  Role role = Role::kCommand;
  void encode(std::string& out) const;
  static std::optional<NewNeighbour> decode(Octets payload);
};

// Drain{true}: qmail-intake takes no new messages from now on. What is in the queue is delivered as ever; when the last
// message is finished qmail-send says Drained and ends with status 0. Drain{false}, before that, takes it back.
struct Drain {
  static constexpr FrameType kType = FrameType::kDrain;
  bool on = true;
  void encode(std::string& out) const;
  static std::optional<Drain> decode(Octets payload);
};
struct Drained {
  static constexpr FrameType kType = FrameType::kDrained;
  void encode(std::string&) const {}
  static std::optional<Drained> decode(Octets payload);
};

// Pause{true}: no delivery is started until Pause{false}. Messages are taken as ever. One of the two is the first thing
// that qscheduler says: nothing is started before.
struct Pause {
  static constexpr FrameType kType = FrameType::kPause;
  bool on = true;
  void encode(std::string& out) const;
  static std::optional<Pause> decode(Octets payload);
};

}  // namespace sluice::link
