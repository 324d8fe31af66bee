// The picture of qtop: a pure function from a snapshot and a size to rows of a terminal. Every row is ASCII and fits
// into the width; there are never more rows than the height. Whoever has a terminal only has to put them there.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/monitor/snapshot.h"

namespace sluice::monitor {

enum class Style : std::uint8_t { kPlain, kTitle, kHeading, kGood, kWarning, kBad, kFaint };

struct Piece {
  std::string text;
  Style style = Style::kPlain;
};
using Row = std::vector<Piece>;

struct Size {
  std::size_t rows = 24, columns = 80;
};

enum class Order : std::uint8_t { kNumber, kLoad, kMessages };
Order next(Order order);

// What the person at the terminal has chosen.
struct View {
  Order order = Order::kNumber;
  std::size_t first = 0;  // queues that are scrolled away
  bool paused = false;
  bool help = false;  // the keys in place of the lanes and the log
};

struct Picture {
  std::vector<Row> rows;
  std::size_t first = 0;  // View::first as far as there was something to scroll
};
Picture draw(const Snapshot& snapshot, const View& view, Size size, std::chrono::minutes utc_offset);

// The rows as lines, without what is only spaces at their ends.
std::string plain_text(const std::vector<Row>& rows);

}  // namespace sluice::monitor
