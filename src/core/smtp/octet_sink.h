// Where decoded octets go. A view handed to write() is valid only during the call.
#pragma once

#include "base/bytes.h"

namespace sluice::smtp {

class OctetSink {
 public:
  virtual ~OctetSink() = default;
  virtual void write(Octets octets) = 0;
};

}  // namespace sluice::smtp
