// What waits in the todo directory of a queue, for people: messages that no daemon has taken in yet.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/monitor/listing.h"

namespace sluice::observe {

// How many there are. Reads directories only.
//   errors  a sentence: the directory cannot be read
Result<std::uint64_t, std::string> count_todo(const std::string& queue_directory);

// Each of them. One that is taken in meanwhile is passed over; of one that cannot be read `trouble` hears a sentence.
//   split   CONFSPLIT, by which the body is found
Result<void, std::string> list_todo_messages(const std::string& queue_directory, unsigned split,
                                             const std::function<void(const monitor::ListedMessage&)>& each,
                                             const std::function<void(std::string_view)>& trouble);

}  // namespace sluice::observe
