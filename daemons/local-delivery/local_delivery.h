// LocalDelivery: takes deliveries from qmail-send, has a child make each, and answers. The recipients of one attempt
// are delivered to one after the other only as far as they share a mailbox; the scheduler gives each local address a
// lane of its own.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>

#include "child.h"
#include "system/ipc/link.h"
#include "system/store/store.h"

namespace sluice::local_delivery {

struct Place {
  std::string maildir;  // defaultdelivery: seen from a home directory, or absolute and the same for all
  std::string host;
  std::string queue_directory;
  unsigned split = 151;
};

class LocalDelivery {
 public:
  static constexpr std::uint32_t kLimit = 500;  // deliveries at once, told to qmail-send

  LocalDelivery(net::Loop& loop, std::unique_ptr<store::BodyReader> bodies, Place place, os::Fd scheduler);

 private:
  struct Running {
    std::uint64_t attempt = 0;
    std::size_t recipient = 0;
    pid_t pid = 0;
    std::shared_ptr<net::Stream> report;
    std::string said;
  };
  struct Attempt {
    link::Deliver deliver;
    std::vector<mail::Outcome> outcomes;
  };
  bool take(const link::Frame& frame);
  void next_recipient(std::uint64_t attempt);
  mail::Outcome start(std::uint64_t attempt, const Attempt& work, std::size_t recipient, bool& running);
  Result<Letter, std::string> letter_of(const link::Deliver& deliver, std::size_t recipient);
  void ended(std::uint64_t number);

  net::Loop& loop_;
  std::unique_ptr<store::BodyReader> bodies_;
  Place place_;
  ipc::Link scheduler_;
  boost::unordered_flat_map<std::uint64_t, Attempt> attempts_;
  boost::unordered_flat_map<std::uint64_t, Running> running_;
  std::uint64_t sequence_ = 0;
};

}  // namespace sluice::local_delivery
