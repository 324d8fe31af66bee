#include "system/store/todo_files.h"

#include <algorithm>
#include <cerrno>

namespace sluice::store {

namespace {

// Numbers below this may be parts; qmail's greatest split is far below, inode numbers far above.
constexpr std::uint64_t kMostParts = 1000;

void add_part(Disk& disk, const std::string& todo, std::uint64_t part, std::vector<TodoPlace>& places) {
  const auto names = disk.list(todo + '/' + std::to_string(part));
  if (!names && names.error() == ENOTDIR) places.push_back({part, std::nullopt});
  if (!names) return;
  for (const std::string& name : *names)
    if (const auto number = parse_name(name, "", 10)) places.push_back({*number, static_cast<std::uint32_t>(part)});
}

}  // namespace

std::string todo_directory(const std::string& queue, const char* directory, const TodoPlace& place) {
  const std::string base = queue + '/' + directory;
  return place.part ? base + '/' + std::to_string(*place.part) : base;
}

std::string todo_path(const std::string& queue, const char* directory, const TodoPlace& place) {
  return todo_directory(queue, directory, place) + '/' + std::to_string(place.number);
}

Result<std::vector<TodoPlace>, Trouble> list_todo(Disk& disk, const std::string& queue) {
  const std::string todo = queue + "/todo";
  const auto names = disk.list(todo);
  if (!names) return fail(trouble("cannot list " + todo, names.error()));
  std::vector<TodoPlace> places;
  for (const std::string& name : *names) {
    const auto number = parse_name(name, "", 10);
    if (!number) continue;
    if (*number < kMostParts)
      add_part(disk, todo, *number, places);
    else
      places.push_back({*number, std::nullopt});
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::vector<TodoPlace> likely_places(std::uint64_t number, std::uint32_t named, unsigned split) {
  const auto ours = static_cast<std::uint32_t>(number % split);
  std::vector<TodoPlace> places;
  if (named < kMostParts) places.push_back({number, named});
  if (named != ours) places.push_back({number, ours});
  if (number >= kMostParts) places.push_back({number, std::nullopt});
  return places;
}

Result<TodoRead, TodoReadFailure> read_todo(Disk& disk, const std::string& queue, const TodoPlace& place) {
  const std::string path = todo_path(queue, "todo", place);
  const auto failure = [&](int error) {
    return TodoReadFailure{.gone = error == ENOENT, .what = trouble("cannot read " + path, error).what};
  };
  auto file = disk.open(path, Disk::Open::kRead);
  if (!file) return fail(failure(file.error()));
  const auto facts = (*file)->facts();
  if (!facts) return fail(failure(facts.error()));
  const auto malformed = [&](std::string_view why) {
    return TodoReadFailure{.malformed = true, .written = facts->modified, .what = fmt::format("{}: {}", path, why)};
  };
  if (!facts->regular) return fail(malformed("it is no file"));
  if (facts->size > queue::kMaximumTodoFile) return fail(malformed(to_string(queue::TodoError::kTooLong)));
  std::string octets(facts->size, '\0');
  const auto count = (*file)->read_at(0, octets.data(), octets.size());
  if (!count) return fail(failure(count.error()));
  octets.resize(*count);
  auto content = queue::decode_todo_file(octets);
  if (!content) return fail(malformed(to_string(content.error())));
  return TodoRead{std::move(*content), facts->modified};
}

}  // namespace sluice::store
