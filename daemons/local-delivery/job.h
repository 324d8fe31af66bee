// One letter to deliver: a recipient of an attempt of qmail-send's, or a user whom an alias named.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/link/messages.h"
#include "system/owner/addressed.h"

namespace sluice::local_delivery {

struct Job {
  std::uint64_t number = 0;
  std::shared_ptr<const link::Deliver> deliver;
  std::size_t recipient = 0;  // of deliver->envelope
  owner::Addressed to;
  std::string local;   // local part of the address that was looked up
  std::string sender;  // that of the envelope, or the owner of a list
};

}  // namespace sluice::local_delivery
