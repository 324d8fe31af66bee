#include "system/observe/queues.h"

#include <map>

#include "core/queue/layout.h"
#include "system/groups/groups.h"
#include "system/ipc/offered_queues.h"
#include "system/net/socket.h"
#include "system/observe/shared_loads.h"

namespace sluice::observe {

std::vector<Queue> queues_of(const settings::Settings& settings) {
  const groups::Groups groups(settings);
  const auto all = groups.all();
  std::vector<std::map<unsigned, std::string>> directories(all.size());  // by group and number
  for (std::size_t i = 0; i < all.size(); ++i)
    for (unsigned number = all[i].first; number < all[i].first + all[i].least; ++number)
      directories[i][number] = groups.directory_of(number);
  for (const groups::FoundQueue& queue : groups.found())
    if (queue.group != 0 || queue.number >= all[0].first) directories[queue.group][queue.number] = queue.directory;

  std::vector<Queue> queues;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto counts = ipc::published_counts(settings, all[i]);
    for (auto& [number, directory] : directories[i]) {
      const std::string name = ipc::queue_name(number);
      queues.push_back({number, name, std::move(directory), queue::control_socket(settings.run_dir, name),
                        !counts || is_offered(*counts, all[i], number), all[i].policy.name});
    }
  }
  return queues;
}

bool is_retired(const Queue& queue) { return !queue.expected && !net::connect_path(queue.control); }

}  // namespace sluice::observe
