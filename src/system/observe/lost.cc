#include "system/observe/lost.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "core/monitor/message_json.h"

namespace sluice::observe {

namespace {

namespace fs = std::filesystem;

// In the journal, in the state log, and strays that queue-fix found.
constexpr const char* kDirectories[] = {"journal/quarantine", "state/quarantine", "quarantine"};

std::vector<std::string> files_in(const std::string& queue_directory) {
  std::vector<std::string> files;
  for (const char* directory : kDirectories) {
    std::error_code error;
    for (fs::directory_iterator entry(queue_directory + '/' + directory, error), end;
         !error && entry != end && files.size() < kMostLost; entry.increment(error))
      files.push_back(fmt::format("{}/{}", directory, entry->path().filename().string()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> lost_in(const std::string& queue_directory, const std::string& queue_name,
                                 select::Selector selector, WallTime now) {
  const select::Matcher matcher(std::move(selector));
  std::vector<std::string> answers(1);
  for (const std::string& file : files_in(queue_directory)) {
    struct stat status {};
    if (::lstat((queue_directory + '/' + file).c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const std::string id = fs::path(file).stem().string();
    if (!matcher.matches({.id = id, .arrival = wall_from_millis(status.st_mtime * 1000), .lost = true}, now)) continue;
    monitor::MessageWriter writer(answers.emplace_back());
    writer.begin({.queue = queue_name,
                  .arrival = status.st_mtime,
                  .size = static_cast<std::uint64_t>(status.st_size),
                  .lost = file});
    writer.end();
  }
  answers.front() = fmt::format("{{\"selected\":{}}}", answers.size() - 1);
  return answers;
}

}  // namespace sluice::observe
