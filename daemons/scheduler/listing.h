// Listing: the messages of the queue, for the control socket. Without a selector they come at once, in order of ids;
// with one their number comes first, then they, in the order that is asked for. It looks at a slice of the queue a
// turn.
//
// Keeping an order costs memory for as long as the asker reads (selection.h). So of those listings that are under way
// at once only so many keep one; more come in order of ids, as do those that ask for no order.
#pragma once

#include <memory>

#include "core/select/selection.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

class Send;

class Listings {
 public:
  static constexpr std::size_t kMostInOrder = 8, kMostInOrderOfStrangers = 4;

  Listings(Send& send, std::string queue, std::string directory)
      : send_(send), queue_(std::move(queue)), directory_(std::move(directory)) {}

  //   errors  a sentence that names the member
  Result<ipc::Answers, std::string> ask(const nlohmann::json& query, bool by_owner);

 private:
  Send& send_;
  std::string queue_, directory_;
  std::shared_ptr<std::size_t> in_order_ = std::make_shared<std::size_t>(0);
};

}  // namespace sluice::scheduler
