// Orders about messages that a selector names: hold, release, delete. They answer their number, then each id as it is
// done; when the answers end, all of it is durable. An asker who goes away in the middle stops them there.
#pragma once

#include "send.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

// `what`: "hold", "release" or "delete".
//   errors  a sentence that names the member
Result<ipc::Answers, std::string> operator_order(Send& send, const std::string& what, const nlohmann::json& query);

}  // namespace sluice::scheduler
