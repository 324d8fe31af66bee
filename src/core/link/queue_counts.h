// What qscheduler, its queues and their clients tell each other through POSIX shared memory and message queues, in the
// layouts of the IndiMail family (64-bit Linux, native octet order), so that its qmail-queue, qmail-multi, qmonitor,
// setqload and qmail-qread can talk to our queues. docs/formats.md, "Shared memory and message queues".
//
//   shm /qscheduler   SchedulerCounts   written by qscheduler
//   shm /queueN       QueueCounts       written by the queue's qmail-send; flag also by setqload and qscheduler
//   mq  /qscheduler   LoadMessage       read by qscheduler
//   mq  /queueN       TodoMessage       read by the queue's todo-proc
//
// Each name begins with the setting ipc_prefix (behind the slash). All of it is written by other processes, some of
// them foreign: a value out of its range is no value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::link {

// "/PREFIXNAME", for shm_open and mq_open.
std::string ipc_name(std::string_view prefix, std::string_view name);

struct SchedulerCounts {
  static constexpr std::size_t kOctets = 8;
  std::int32_t in_use = 0;  // queues that are offered to clients: queue_start, queue_start + 1, ...
  std::int32_t made = 0;    // queue directories that exist
  std::array<char, kOctets> encode() const;
  static std::optional<SchedulerCounts> decode(Octets octets);  // nothing: wrong size, negative, more than 1023
  friend bool operator==(const SchedulerCounts&, const SchedulerCounts&) = default;
};

struct QueueCounts {
  static constexpr std::size_t kOctets = 20, kLocalAt = 0, kRemoteAt = 4, kFlagAt = 16;
  std::int32_t local = 0, remote = 0;              // deliveries in flight
  std::int32_t local_limit = 0, remote_limit = 0;  // effective concurrency
  std::int32_t flag = 0;                           // 1: takes no new messages
  std::array<char, kOctets> encode() const;
  static std::optional<QueueCounts> decode(Octets octets);  // nothing: wrong size or a negative number
  // 100 * local / local_limit + 100 * remote / remote_limit, 0 to 200; a limit of 0 counts as idle.
  std::uint32_t load() const;
  friend bool operator==(const QueueCounts&, const QueueCounts&) = default;
};

struct LoadMessage {
  static constexpr std::size_t kOctets = 16;
  static constexpr unsigned kPriority = 10;
  std::int32_t pid = 0;  // senders of other families leave it undefined
  std::uint32_t queue = 0;
  std::uint64_t load = 0;  // percent, 0 to 200
  std::array<char, kOctets> encode() const;
  static std::optional<LoadMessage> decode(
      Octets octets);  // nothing: wrong size, queue 0 or above 1023; load is cut to 200
};

struct TodoMessage {
  static constexpr std::size_t kOctets = 16;
  static constexpr unsigned kPriority = 10;
  std::int32_t pid = 0;    // as above
  std::int32_t split = 0;  // subdirectory of todo, or CONFSPLIT without BIGTODO
  std::uint64_t inode = 0;
  std::array<char, kOctets> encode() const;
  static std::optional<TodoMessage> decode(Octets octets);  // nothing: wrong size, split negative
};

}  // namespace sluice::link
