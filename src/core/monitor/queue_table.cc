#include "core/monitor/queue_table.h"

#include <algorithm>
#include <array>

#include "core/monitor/screen_text.h"

namespace sluice::monitor {

namespace {

using Field = QueueTable::Field;
using Column = QueueTable::Column;

constexpr std::uint64_t kFullLoad = 200, kBusyLoad = 120, kHighLoad = 180;

Style style_of_load(std::uint64_t load) {
  return load >= kHighLoad ? Style::kBad : load >= kBusyLoad ? Style::kWarning : Style::kGood;
}

// In the order in which they stand.
constexpr std::array kColumns{Column{Field::kName, "QUEUE", 9, 0},     Column{Field::kBar, "", 10, 5},
                              Column{Field::kLoad, "LOAD", 4, 1},      Column{Field::kLocal, "LOCAL", 7, 3},
                              Column{Field::kRemote, "REMOTE", 11, 4}, Column{Field::kLmtp, "LMTP", 7, 9},
                              Column{Field::kMessages, "MSGS", 6, 2},  Column{Field::kIn, "IN/S", 6, 6},
                              Column{Field::kOut, "OUT/S", 6, 7},      Column{Field::kState, "STATE", 9, 8}};
constexpr std::size_t kWidestBar = 42;

std::size_t width_of(const std::vector<Column>& columns) {
  std::size_t width = columns.empty() ? 0 : columns.size() - 1;
  for (const Column& column : columns) width += column.width;
  return width;
}

// Those that fit; the bar takes what is left.
std::vector<Column> columns_for(std::size_t width) {
  std::vector<Column> columns(kColumns.begin(), kColumns.end());
  const auto by_rank = [](const Column& a, const Column& b) { return a.rank < b.rank; };
  while (columns.size() > 1 && width_of(columns) > width)
    columns.erase(std::max_element(columns.begin(), columns.end(), by_rank));
  const auto bar = std::find_if(columns.begin(), columns.end(), [](const Column& c) { return c.field == Field::kBar; });
  if (bar != columns.end() && width > width_of(columns))
    bar->width = std::min(kWidestBar, bar->width + width - width_of(columns));
  return columns;
}

std::string_view state_text(const QueueFigures& queue) {
  if (queue.disabled) return "disabled";
  if (!queue.offered) return "draining";
  return queue.local.held || queue.remote.held ? "held" : "";
}

Piece cell_of(const QueueFigures& queue, const Column& column) {
  const auto right = [&](std::string_view text, Style style = Style::kPlain) {
    return Piece{fitted(text, column.width, true), style};
  };
  switch (column.field) {
    case Field::kName:
      return {fitted(queue.name, column.width), Style::kPlain};
    case Field::kBar:
      return {bar_text(queue.load, kFullLoad, column.width - 2), style_of_load(queue.load)};
    case Field::kLoad:
      return right(count_text(queue.load), style_of_load(queue.load));
    case Field::kLocal:
      return right(share_text(queue.local.in_flight, queue.local.limit));
    case Field::kRemote:
      return right(share_text(queue.remote.in_flight, queue.remote.limit));
    case Field::kLmtp:
      return right(share_text(queue.lmtp.in_flight, queue.lmtp.limit));
    case Field::kMessages:
      return right(count_text(queue.messages));
    case Field::kIn:
      return right(queue.rates ? rate_text(queue.rates->taken) : "-");
    case Field::kOut:
      return right(queue.rates ? rate_text(queue.rates->delivered) : "-");
    case Field::kState:
      return {fitted(state_text(queue), column.width), Style::kWarning};
  }
  return {};
}

}  // namespace

QueueTable::QueueTable(std::size_t width) : width_(width), columns_(columns_for(width)) {}

Row QueueTable::row(const QueueFigures& queue) const {
  if (queue.state != QueueState::kRunning) {
    const bool silent = queue.state == QueueState::kSilent;
    const std::string text = fitted(queue.name, columns_.front().width) + ' ' +
                             (silent ? "not answering: " + queue.trouble : std::string("retired"));
    return {{fitted(text, width_), silent ? Style::kBad : Style::kFaint}};
  }
  Row row;
  for (const Column& column : columns_) {
    if (!row.empty()) row.push_back({" "});
    row.push_back(cell_of(queue, column));
  }
  if (columns_.size() == 1) row.front().text = fitted(queue.name, width_);
  return row;
}

Row QueueTable::heading() const {
  std::string text;
  for (const Column& column : columns_) {
    const bool left = column.field == Field::kName || column.field == Field::kState;
    text += (text.empty() ? "" : " ") + fitted(column.heading, column.width, !left);
  }
  return {{fitted(text, width_), Style::kHeading}};
}

}  // namespace sluice::monitor
