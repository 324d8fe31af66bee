#include "core/monitor/screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/monitor/log_lines.h"
#include "core/monitor/queue_table.h"
#include "core/monitor/screen_text.h"

namespace sluice::monitor {

namespace {

constexpr std::size_t kMostLanes = 20;

std::vector<const QueueFigures*> in_order(const Snapshot& snapshot, Order order) {
  std::vector<const QueueFigures*> queues;
  for (const QueueFigures& queue : snapshot.queues) queues.push_back(&queue);
  std::stable_sort(queues.begin(), queues.end(), [order](const QueueFigures* a, const QueueFigures* b) {
    switch (order) {
      case Order::kNumber:
        return a->number < b->number;
      case Order::kLoad:
        return a->load > b->load;
      case Order::kMessages:
        return a->messages > b->messages;
    }
    return false;
  });
  return queues;
}

std::string lane_line(std::string_view name, std::string_view in_flight, std::string_view jobs, std::string_view reason,
                      std::string_view queue, std::size_t width) {
  constexpr std::size_t kShortestName = 16;
  const std::string figures =
      fmt::format(" {:>11} {:>6}  {} {}", in_flight, jobs, fitted(reason, 13), fitted(queue, 9));
  const std::size_t room = std::max(kShortestName, width - std::min(width, figures.size()));
  return fitted(fitted(name, room) + figures, width);
}

Row lane_row(const LaneFigures& lane, std::size_t width) {
  return {{lane_line(fmt::format("{:<6} {}", lane.channel, lane.destination), share_text(lane.in_flight, lane.window),
                     count_text(lane.jobs), lane.reason, lane.queue, width)}};
}

Row title(const Snapshot& snapshot, const View& view, std::size_t width, std::chrono::minutes utc_offset) {
  const std::string right =
      fmt::format("{}{}  h help", view.paused ? "PAUSED  " : "", clock_text(to_seconds(snapshot.at), utc_offset));
  const std::size_t room = width > right.size() + 1 ? width - right.size() - 1 : width;
  std::string text = fitted("qtop  " + snapshot.home, room);
  if (room < width) text += ' ' + right;
  return {{text, Style::kTitle}};
}

Row summary(const Snapshot& snapshot, std::size_t width) {
  const Sum sum = sum_of(snapshot);
  Row row;
  std::size_t used = 0;
  const auto put = [&](std::string text, Style style = Style::kPlain) {
    if (used > 0) text.insert(0, "  ");
    if (used + text.size() > width) return;
    used += text.size();
    row.push_back({std::move(text), style});
  };
  put(fmt::format("{} queue{}, {}", sum.running, sum.running == 1 ? "" : "s", snapshot.dynamic ? "dynamic" : "static"));
  if (sum.silent > 0) put(fmt::format("{} NOT ANSWERING", sum.silent), Style::kBad);
  put(fmt::format("{} message{}", count_text(sum.messages), sum.messages == 1 ? "" : "s"));
  if (sum.rates) {
    put(fmt::format("in {}/s", rate_text(sum.rates->taken)));
    put(fmt::format("out {}/s", rate_text(sum.rates->delivered)));
    put(fmt::format("deferred {}/s", rate_text(sum.rates->deferred)));
    put(fmt::format("failed {}/s", rate_text(sum.rates->failed)));
  }
  if (sum.retired > 0) put(fmt::format("{} retired", sum.retired), Style::kFaint);
  return row;
}

void add_help(std::vector<Row>& rows, std::size_t height, std::size_t width) {
  constexpr std::array kKeys{"q          quit",
                             "space      look now",
                             "p          pause, go on",
                             "s          order: number, load, messages",
                             "j k, arrows, PageUp, PageDown",
                             "           scroll the queues",
                             "h          this help, and back"};
  if (height == 0) return;
  rows.push_back({{fitted("KEYS", width), Style::kHeading}});
  for (std::size_t i = 0; i < kKeys.size() && i + 1 < height; ++i) rows.push_back({{fitted(kKeys[i], width)}});
}

void add_lanes(std::vector<Row>& rows, const Snapshot& snapshot, std::size_t height, std::size_t width) {
  if (height < 2) return;
  rows.push_back({{lane_line("BUSIEST LANES", "FLIGHT/MAX", "JOBS", "WAITING FOR", "QUEUE", width), Style::kHeading}});
  for (std::size_t i = 0; i < snapshot.lanes.size() && i + 1 < height; ++i)
    rows.push_back(lane_row(snapshot.lanes[i], width));
}

void add_log(std::vector<Row>& rows, const Snapshot& snapshot, std::size_t height, std::size_t width) {
  if (height < 2) return;
  rows.push_back({{fitted("LOG  " + snapshot.log_name, width), Style::kHeading}});
  const std::size_t shown = std::min(snapshot.log.size(), height - 1);
  for (std::size_t i = snapshot.log.size() - shown; i < snapshot.log.size(); ++i)
    rows.push_back({{fitted(snapshot.log[i], width)}});
}

// How many rows each part gets. A part with nothing in it gets none; what one does not need the others have.
struct Heights {
  std::size_t queues = 0, lanes = 0, log = 0;
};

Heights heights_for(const Snapshot& snapshot, const View& view, std::size_t room) {
  const std::size_t queues = 1 + snapshot.queues.size();
  constexpr std::size_t kHelp = 8;
  const std::size_t lanes = snapshot.lanes.empty() ? 0 : 1 + std::min(kMostLanes, snapshot.lanes.size());
  const std::size_t below = view.help ? kHelp : lanes + (snapshot.log_name.empty() ? 0 : 1 + snapshot.log.size());
  const auto rest = [](std::size_t all, std::size_t part) { return all > part ? all - part : 0; };
  constexpr std::size_t kTooLow = 6;  // too low a screen to be divided
  Heights heights;
  heights.queues = room < kTooLow ? room : std::min(queues, std::max(room / 2, rest(room, below)));
  room -= heights.queues;
  if (view.help || snapshot.log_name.empty())
    heights.lanes = room;
  else
    heights.lanes = std::min(lanes, std::max(room / 2, rest(room, 1 + snapshot.log.size())));
  heights.log = room - heights.lanes;
  return heights;
}

}  // namespace

Order next(Order order) {
  switch (order) {
    case Order::kNumber:
      return Order::kLoad;
    case Order::kLoad:
      return Order::kMessages;
    case Order::kMessages:
      break;
  }
  return Order::kNumber;
}

Picture draw(const Snapshot& snapshot, const View& view, Size size, std::chrono::minutes utc_offset) {
  Picture picture;
  std::vector<Row>& rows = picture.rows;
  if (size.rows == 0 || size.columns == 0) return picture;
  rows.push_back(title(snapshot, view, size.columns, utc_offset));
  if (size.rows < 3) return picture;
  rows.push_back(summary(snapshot, size.columns));

  const Heights heights = heights_for(snapshot, view, size.rows - rows.size());
  const QueueTable table(size.columns);
  const auto queues = in_order(snapshot, view.order);
  const std::size_t shown = std::min(queues.size(), heights.queues - 1);
  picture.first = std::min(view.first, queues.size() - shown);
  rows.push_back(table.heading());
  for (std::size_t i = 0; i < shown; ++i) rows.push_back(table.row(*queues[picture.first + i]));
  if (view.help) {
    add_help(rows, heights.lanes, size.columns);
  } else {
    if (!snapshot.lanes.empty()) add_lanes(rows, snapshot, heights.lanes, size.columns);
    if (!snapshot.log_name.empty()) add_log(rows, snapshot, heights.log, size.columns);
  }
  return picture;
}

std::string plain_text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (const Piece& piece : row) line += piece.text;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace sluice::monitor
