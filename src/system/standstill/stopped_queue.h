// What a stopped queue of ours holds, read from its journal and its state log without changing either.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <string>

#include "core/queue/image.h"
#include "system/store/file_store.h"

namespace sluice::standstill {

struct StoppedQueue {
  // Each message that is accepted and not yet in the state log, in the order of the journal.
  using Fresh = std::function<void(const store::Replayed&)>;
  using Report = std::function<void(const std::string&)>;

  queue::Image image;  // everything that is in the state log

  // A queue without journal and state, as another family's, is empty. `options.disk` is read only.
  Result<void, store::Trouble> load(const std::string& queue, const store::Options& options, const Fresh& fresh,
                                    const Report& bad);
};

// The numbers of the body files that journal and state log refer to: these files must keep their names.
Result<boost::unordered_flat_set<std::uint64_t>, store::Trouble> files_in_use(const std::string& queue,
                                                                              const store::Options& options,
                                                                              const StoppedQueue::Report& bad);

}  // namespace sluice::standstill
