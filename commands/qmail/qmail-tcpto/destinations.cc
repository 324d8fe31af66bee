#include "destinations.h"
#include "base/span_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice::qmail_tcpto {

namespace {

std::string shown(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c <= ' ' || c > '~') c = '?';
  return text;
}

constexpr const char* kLine = "{:<8}{:>9} {:>8} {:>8} {:>8}  {}  {}\n";

}  // namespace

void Destinations::add(std::string_view queue, std::string_view channel, std::string_view destination,
                       const Trouble& trouble) {
  const auto [found, fresh] = entries_.try_emplace({std::string(channel), std::string(destination)});
  Entry& entry = found->second;
  entry.queues.emplace_back(queue);
  if (fresh) {
    entry.trouble = trouble;
    return;
  }
  entry.trouble.failures = std::max(entry.trouble.failures, trouble.failures);
  entry.trouble.since = std::min(entry.trouble.since, trouble.since);
  entry.trouble.next = std::min(entry.trouble.next, trouble.next);
  entry.trouble.jobs += trouble.jobs;
}

std::string Destinations::text(std::int64_t now) const {
  std::string text;
  if (!entries_.empty())
    text = fmt::format(kLine, "CHANNEL", "FAILURES", "SINCE", "NEXT IN", "WAITING", "DESTINATION", "QUEUES");
  for (const auto& [name, entry] : entries_) {
    const Trouble& trouble = entry.trouble;
    text += fmt::format(kLine, shown(name.first), trouble.failures, span_text(now - trouble.since),
                        trouble.next > now ? span_text(trouble.next - now) : "now", trouble.jobs, shown(name.second),
                        fmt::join(entry.queues, ","));
  }
  return text;
}

}  // namespace sluice::qmail_tcpto
