#include "core/link/queue_counts.h"

#include <algorithm>
#include <cstring>

#include "core/queue/message.h"

namespace sluice::link {

namespace {

constexpr std::uint32_t kGreatestQueue = queue::kQueueNumbers - 1;
constexpr std::uint64_t kGreatestLoad = 200;

std::uint32_t percent(std::int32_t in_flight, std::int32_t limit) {
  if (limit <= 0) return 0;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(100 * std::int64_t{in_flight} / limit, 100));
}

}  // namespace

std::string ipc_name(std::string_view prefix, std::string_view name) {
  return std::string("/").append(prefix).append(name);
}

std::array<char, SchedulerCounts::kOctets> SchedulerCounts::encode() const {
  std::array<char, kOctets> out{};
  store_le(out.data(), in_use);
  store_le(out.data() + 4, made);
  return out;
}

std::optional<SchedulerCounts> SchedulerCounts::decode(Octets octets) {
  if (octets.size() != kOctets) return std::nullopt;
  const SchedulerCounts counts{load_le<std::int32_t>(octets.data()), load_le<std::int32_t>(octets.data() + 4)};
  const auto valid = [](std::int32_t count) {
    return count >= 0 && count <= static_cast<std::int32_t>(kGreatestQueue);
  };
  if (!valid(counts.in_use) || !valid(counts.made)) return std::nullopt;
  return counts;
}

std::array<char, QueueCounts::kOctets> QueueCounts::encode() const {
  std::array<char, kOctets> out{};
  const std::array<std::int32_t, 5> fields{local, remote, local_limit, remote_limit, flag};
  static_assert(sizeof fields == kOctets);
  std::memcpy(out.data(), fields.data(), kOctets);
  return out;
}

std::optional<QueueCounts> QueueCounts::decode(Octets octets) {
  if (octets.size() != kOctets) return std::nullopt;
  std::array<std::int32_t, 5> fields{};
  std::memcpy(fields.data(), octets.data(), kOctets);
  if (std::any_of(fields.begin(), fields.end(), [](std::int32_t field) { return field < 0; })) return std::nullopt;
  return QueueCounts{fields[0], fields[1], fields[2], fields[3], fields[4]};
}

std::uint32_t QueueCounts::load() const { return percent(local, local_limit) + percent(remote, remote_limit); }

std::array<char, LoadMessage::kOctets> LoadMessage::encode() const {
  std::array<char, kOctets> out{};
  store_le(out.data(), pid);
  store_le(out.data() + 4, queue);
  store_le(out.data() + 8, load);
  return out;
}

std::optional<LoadMessage> LoadMessage::decode(Octets octets) {
  if (octets.size() != kOctets) return std::nullopt;
  LoadMessage message{load_le<std::int32_t>(octets.data()), load_le<std::uint32_t>(octets.data() + 4),
                      load_le<std::uint64_t>(octets.data() + 8)};
  if (message.queue == 0 || message.queue > kGreatestQueue) return std::nullopt;
  message.load = std::min(message.load, kGreatestLoad);
  return message;
}

std::array<char, TodoMessage::kOctets> TodoMessage::encode() const {
  std::array<char, kOctets> out{};
  store_le(out.data(), pid);
  store_le(out.data() + 4, split);
  store_le(out.data() + 8, inode);
  return out;
}

std::optional<TodoMessage> TodoMessage::decode(Octets octets) {
  if (octets.size() != kOctets) return std::nullopt;
  const TodoMessage message{load_le<std::int32_t>(octets.data()), load_le<std::int32_t>(octets.data() + 4),
                            load_le<std::uint64_t>(octets.data() + 8)};
  if (message.split < 0) return std::nullopt;
  return message;
}

}  // namespace sluice::link
