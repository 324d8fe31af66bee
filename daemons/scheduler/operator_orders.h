// Orders about messages that a selector names: hold, release, delete. They answer their number, then each id as it is
// done, or with why not ({"id":N,"error":"..."}). When the answers end without an error, all of it is durable; where
// the disk does not take it, they end with that. An asker who goes away in the middle stops them there.
#pragma once

#include "send.h"
#include "system/ipc/control.h"

namespace sluice::scheduler {

// `what`: "hold", "release" or "delete".
//   errors  a sentence that names the member
Result<ipc::Answers, std::string> operator_order(Send& send, const std::string& what, const nlohmann::json& query);

}  // namespace sluice::scheduler
