// Looking at queues that do not run: whether another program put mail into one. Only names are looked at: what is in
// files is read by the queue's own daemons, which are not root. Follows no symbolic links.
#pragma once

#include <string>
#include <vector>

namespace sluice::supervisor {

// The files in the todo directory of a queue and, whatever its split is, in the directories below it, in order; at most
// so many. Clients whose BIGTODO differs put them elsewhere than we would.
std::vector<std::string> todo_names(const std::string& queue_directory, std::size_t most);

}  // namespace sluice::supervisor
