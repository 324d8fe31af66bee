#include "core/queue/layout.h"

#include <charconv>

namespace sluice::queue {

namespace {

// A directory of the queue before its split is unfolded.
struct Rule {
  std::string_view name;
  User owner;
  unsigned mode;
  enum class Split { kNever, kAlways, kBigTodo } split;
  std::optional<FileModes> files;
  unsigned file_links = 1;
};

using Split = Rule::Split;

constexpr FileModes kPrivate{0600, 0600};
constexpr FileModes kSegment{0640, 0640};
constexpr FileModes kBody{0644, 0640};      // qmail-intake keeps others out, clients of the qmail family do not
constexpr FileModes kEnvelope{0644, 0600};  // todo-proc runs in the group, but the other families let everybody read
constexpr FileModes kBeingMade{0644, 0600};

constexpr Rule kMail[] = {
    {"info", User::kScheduler, 0700, Split::kAlways, kPrivate},
    {"mess", User::kQueue, 0750, Split::kAlways, kBody},
    {"remote", User::kScheduler, 0700, Split::kAlways, kPrivate},
    {"local", User::kScheduler, 0700, Split::kAlways, kPrivate},
    {"todo", User::kQueue, 0750, Split::kBigTodo, kEnvelope, 2},
    {"intd", User::kQueue, 0700, Split::kBigTodo, kEnvelope, 2},
    {"bounce", User::kScheduler, 0700, Split::kNever, kPrivate},
    {"trash", User::kQueue, 0700, Split::kNever, std::nullopt},
    {"pid", User::kQueue, 0700, Split::kNever, kBeingMade},
    {"journal", User::kQueue, 0750, Split::kNever, kSegment},
    {"state", User::kScheduler, 0700, Split::kNever, kPrivate},
};

bool is_split(Split split, const QueueShape& shape) {
  return split == Split::kAlways || (split == Split::kBigTodo && shape.big_todo);
}

void add(std::vector<Place>& places, const Rule& rule, const QueueShape& shape) {
  Place place{.path = std::string(rule.name), .owner = rule.owner, .mode = rule.mode};
  const bool split = is_split(rule.split, shape);
  if (!split) place.files = rule.files, place.file_links = rule.file_links;
  places.push_back(place);
  if (!split) return;
  place.files = rule.files;
  place.file_links = rule.file_links;
  for (unsigned i = 0; i < shape.split; ++i) {
    place.path = std::string(rule.name) + '/' + std::to_string(i);
    places.push_back(place);
  }
}

Place of_root(const char* path) { return {.path = path, .owner = User::kRoot, .group = Group::kRoot, .mode = 0755}; }

std::string below(std::string_view directory, std::string_view name) {
  return std::string(directory).append("/").append(name);
}

}  // namespace

std::string_view name_of(User user) {
  constexpr std::string_view kNames[kUsers] = {"root", "qmails", "qmailq", "qmailr", "qmaill", "qmaild"};
  return kNames[static_cast<std::size_t>(user)];
}

std::string_view name_of(Group group) {
  constexpr std::string_view kNames[kGroups] = {"root", "qmail", "nofiles"};
  return kNames[static_cast<std::size_t>(group)];
}

std::optional<unsigned> parse_split(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value >= 1 && value <= kMaximumSplit ? std::optional(value) : std::nullopt;
}

std::optional<bool> parse_big_todo(std::string_view text) {
  if (text == "0") return false;
  if (text == "1") return true;
  return std::nullopt;
}

std::vector<Place> queue_places(const QueueShape& shape) {
  using Kind = Place::Kind;
  std::vector<Place> places;
  places.push_back({.path = ".", .mode = 0750});
  for (const Rule& rule : kMail) add(places, rule, shape);
  places.push_back({.path = "lock", .mode = 0750});
  places.push_back({.path = kSendMutex, .kind = Kind::kFile, .owner = User::kScheduler, .mode = 0600});
  places.push_back(
      {.path = "lock/tcpto", .kind = Kind::kFile, .owner = User::kRemote, .mode = 0644, .size = shape.tcpto});
  places.push_back({.path = "lock/trigger", .kind = Kind::kFifo, .owner = User::kScheduler, .mode = 0622});
  if (shape.rate_limit)
    places.push_back({.path = "ratelimit", .owner = User::kScheduler, .mode = 0750, .files = FileModes{0640, 0640}});
  return places;
}

std::vector<Place> home_places() { return {of_root("."), of_root("etc")}; }

std::vector<Place> public_places() { return {of_root(".")}; }

std::vector<Place> run_places() {
  return {of_root("."),
          {.path = "intake", .owner = User::kQueue, .mode = 0755},
          {.path = "control", .owner = User::kScheduler, .mode = 0755},
          {.path = "limits", .owner = User::kScheduler, .mode = 0700}};
}

std::string supervisor_lock(std::string_view run_directory) { return below(run_directory, "lock"); }
std::string supervisor_socket(std::string_view run_directory) { return below(run_directory, "supervisor.control"); }
std::string intake_socket(std::string_view run_directory, std::string_view queue_name) {
  return below(below(run_directory, "intake"), queue_name);
}
std::string control_socket(std::string_view run_directory, std::string_view queue_name) {
  return below(below(run_directory, "control"), queue_name);
}
std::string limits_directory(std::string_view run_directory) { return below(run_directory, "limits"); }

}  // namespace sluice::queue
