// The queues in the picture of qtop: one row each, with as many columns as fit into the width. The bar of the load
// takes what is left over.
#pragma once

#include <cstddef>
#include <vector>

#include "core/monitor/screen.h"

namespace sluice::monitor {

class QueueTable {
 public:
  enum class Field : std::uint8_t { kName, kBar, kLoad, kLocal, kRemote, kLmtp, kMessages, kIn, kOut, kState };
  struct Column {
    Field field;
    const char* heading;
    std::size_t width;
    unsigned rank;  // the greater, the sooner it goes when there is no room
  };

  explicit QueueTable(std::size_t width);
  Row heading() const;
  Row row(const QueueFigures& queue) const;

 private:
  std::size_t width_;
  std::vector<Column> columns_;
};

}  // namespace sluice::monitor
