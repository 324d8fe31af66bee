// Clean: answers Remove with Removed. Requests that cannot be done now are answered so; qmail-send asks again. At the
// start and once a day it also removes what dead writers left in pid/ (unfinished.h).
#pragma once

#include <memory>

#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::clean {

class Clean {
 public:
  // `scheduler` is the socket to qmail-send; when it is gone, the loop stops.
  Clean(net::Loop& loop, std::unique_ptr<store::BodyRemover> remover, std::string queue_directory, os::Fd scheduler);

 private:
  bool take(const link::Frame& frame);
  void sweep();

  std::unique_ptr<store::BodyRemover> remover_;
  net::Loop& loop_;
  std::string queue_directory_;
  net::Timer sweep_timer_;
  ipc::Link scheduler_;
};

}  // namespace sluice::clean
