// Clean: answers Remove with Removed. Requests that cannot be done now are answered so; qmail-send asks again.
#pragma once

#include <memory>

#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::clean {

class Clean {
 public:
  // `scheduler` is the socket to qmail-send; when it is gone, the loop stops.
  Clean(net::Loop& loop, std::unique_ptr<store::BodyRemover> remover, os::Fd scheduler);

 private:
  bool take(const link::Frame& frame);

  std::unique_ptr<store::BodyRemover> remover_;
  ipc::Link scheduler_;
};

}  // namespace sluice::clean
