#include "batch_commits.h"

#include <boost/asio/post.hpp>
#include <system_error>

namespace sluice::mailbox_delivery {

BatchCommits::BatchCommits(net::Loop& loop, std::function<void(Outcomes)> done) : loop_(loop), done_(std::move(done)) {}

BatchCommits::~BatchCommits() {
  if (thread_.joinable()) thread_.join();
}

void BatchCommits::start(std::unique_ptr<MaildirBatch> batch) {
  batch_ = std::move(batch);
  try {
    thread_ = std::thread([this, serial = ++serial_] {
      outcomes_ = batch_->commit();
      boost::asio::post(loop_.context(), [this, serial] {
        if (busy() && serial == serial_) finish();
      });
    });
  } catch (const std::system_error&) {
    outcomes_ = batch_->commit();
    finish();
  }
}

void BatchCommits::wait() {
  if (busy()) finish();
}

void BatchCommits::finish() {
  if (thread_.joinable()) thread_.join();
  batch_.reset();
  done_(std::exchange(outcomes_, {}));
}

}  // namespace sluice::mailbox_delivery
