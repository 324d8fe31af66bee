#include "system/ipc/link.h"

#include <fmt/format.h>

#include <cstring>

namespace sluice::ipc {

Link::Link(net::Loop& loop, os::Fd socket, const link::Hello& self, Callbacks callbacks)
    : stream_(net::Stream::adopt(loop, std::move(socket))),
      callbacks_(std::make_shared<Callbacks>(std::move(callbacks))) {
  send(self);
  net::Stream::Callbacks stream{[this](Octets octets) { return receive(octets); },
                                [this](int code) { tell(code == 0 ? "closed by the peer" : std::strerror(code)); },
                                [this] {
                                  const auto held = callbacks_;  // drained() may destroy us
                                  if (held->drained) held->drained();
                                }};
  if (callbacks_->descriptors)
    stream.descriptor = [kept = descriptors_](os::Fd descriptor) {
      if (kept->size() < kMostDescriptors) kept->push_back(std::move(descriptor));
    };
  stream_->start(std::move(stream));
}

Link::~Link() {
  *alive_ = false;
  stream_->close();
}

os::Fd Link::take_descriptor() {
  if (descriptors_->empty()) return {};
  os::Fd oldest = std::move(descriptors_->front());
  descriptors_->erase(descriptors_->begin());
  return oldest;
}

std::size_t Link::receive(Octets octets) {
  std::size_t consumed = 0;
  // A frame's handler may destroy us, and must not go while it runs.
  const auto alive = alive_;
  const auto callbacks = callbacks_;
  while (stream_->is_open()) {
    const auto split = link::split_frame(octets.substr(consumed));
    if (!split) {
      end("sent a malformed frame");
      break;
    }
    if (split->consumed == 0) break;
    consumed += split->consumed;
    const bool good = handle(split->frame);
    if (!*alive) break;
    if (!good) {
      end(fmt::format("sent a malformed or unexpected message of type {}", static_cast<int>(split->frame.type)));
      break;
    }
  }
  return consumed;
}

bool Link::handle(const link::Frame& frame) {
  if (frame.type != link::FrameType::kHello) return introduced_ && callbacks_->frame(frame);
  const auto hello = link::Hello::decode(frame.payload);
  if (!hello || introduced_ || hello->version != link::kProtocolVersion) return false;
  introduced_ = true;
  peer_ = *hello;
  if (callbacks_->hello) callbacks_->hello(peer_);
  return true;
}

void Link::end(const std::string& why) {
  stream_->close();
  tell(why);
}

void Link::tell(const std::string& why) {
  const auto closed = std::move(callbacks_->closed);  // it may destroy us
  closed(why);
}

}  // namespace sluice::ipc
