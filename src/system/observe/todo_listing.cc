#include "system/observe/todo_listing.h"

#include "system/store/todo_files.h"

namespace sluice::observe {

namespace {

monitor::ListedMessage message_of(const store::TodoPlace& place, const store::TodoRead& read, std::uint64_t octets) {
  monitor::ListedMessage message;
  message.number = place.number;
  message.arrival = to_seconds(read.written);
  message.octets = octets;
  message.sender = read.content.envelope.sender;
  for (const auto& recipient : read.content.envelope.recipients)
    message.recipients.push_back({monitor::ListedChannel::kTodo, recipient.address, false});
  return message;
}

// 0 if there is no such file any more.
std::uint64_t size_of(store::Disk& disk, const std::string& path) {
  const auto file = disk.open(path, store::Disk::Open::kRead);
  if (!file) return 0;
  const auto facts = (*file)->facts();
  return facts && facts->regular ? facts->size : 0;
}

}  // namespace

Result<std::uint64_t, std::string> count_todo(const std::string& queue_directory) {
  const auto places = store::list_todo(store::posix_disk(), queue_directory);
  if (!places) return fail(places.error().what);
  return places->size();
}

Result<void, std::string> list_todo_messages(const std::string& queue_directory, unsigned split,
                                             const std::function<void(const monitor::ListedMessage&)>& each,
                                             const std::function<void(std::string_view)>& trouble) {
  store::Disk& disk = store::posix_disk();
  const auto places = store::list_todo(disk, queue_directory);
  if (!places) return fail(places.error().what);
  for (const store::TodoPlace& place : *places) {
    const auto read = store::read_todo(disk, queue_directory, place);
    if (read)
      each(message_of(place, *read, size_of(disk, store::body_path(queue_directory, place.number, split))));
    else if (!read.error().gone)
      trouble(read.error().what);
  }
  return {};
}

}  // namespace sluice::observe
