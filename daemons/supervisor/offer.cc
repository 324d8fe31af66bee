#include "offer.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <vector>

#include "announce.h"

namespace sluice::supervisor {

Offer::Offer(net::Loop& loop, std::string prefix, std::string object, const layout::Owners& owners, OnLoads on_loads)
    : loop_(loop),
      prefix_(std::move(prefix)),
      object_(std::move(object)),
      owners_(owners),
      on_loads_(std::move(on_loads)),
      again_(loop, [this] {
        if (!shared_ || loads_taken_away()) make();
        if (shared_) write();
        again_.set_after(interval_);
      }) {}

Offer::~Offer() {
  if (readable_) readable_->release();
}

void Offer::start() {
  make();
  again_.set_after(interval_);
}

void Offer::make() {
  auto objects = ipc::make_scheduler_objects(prefix_, object_, owners_);
  if (!objects) {
    if (complaint_ != objects.error()) alert(complaint_ = objects.error());
    return;
  }
  if (!complaint_.empty()) announce("shared memory and message queue are there again"), complaint_.clear();
  for (const std::string& line : objects->notes.lines) announce(line);
  shared_ = std::move(objects->counts);
  if (readable_) readable_->release(), readable_.reset();
  loads_ = std::move(objects->reports);
  if (!loads_) return;
  readable_.emplace(loop_.context(), loads_->descriptor());
  wait_for_load();
}

void Offer::put(const link::SchedulerCounts& counts) {
  if (counts_ == counts) return;
  counts_ = counts;
  if (shared_) write();
}

void Offer::write() {
  if (!shared_->put(counts_)) shared_.reset();  // somebody took it away
}

bool Offer::loads_taken_away() const {
  struct stat status {};
  return loads_ && ::fstat(loads_->descriptor(), &status) == 0 && status.st_nlink == 0;
}

void Offer::wait_for_load() {
  readable_->async_wait(boost::asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& error) {
    if (!error) receive();
  });
}

void Offer::receive() {
  std::vector<link::LoadMessage> messages;
  for (std::size_t read = 0; read < kBatch; ++read) {
    const auto octets = loads_->receive();
    if (!octets) break;
    if (const auto message = link::LoadMessage::decode(*octets)) messages.push_back(*message);
  }
  wait_for_load();
  if (!messages.empty()) on_loads_(messages);
}

void Offer::close() {
  again_.cancel();
  if (readable_) readable_->release(), readable_.reset();
  loads_.reset();
  shared_.reset();
  ipc::remove_scheduler_objects(prefix_, object_);
}

}  // namespace sluice::supervisor
