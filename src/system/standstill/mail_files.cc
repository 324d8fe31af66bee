#include "system/standstill/mail_files.h"

#include <cerrno>

namespace sluice::standstill {

namespace {

constexpr const char* kPending = ".new";

bool is_split(const std::string& kind, const Shape& shape) {
  if (kind == "bounce") return false;
  return (kind != "todo" && kind != "intd") || shape.big_todo;
}

// Inode numbers of files are greater; subdirectories have smaller ones.
constexpr std::uint64_t kMostParts = 1000;

class Search {
 public:
  Search(store::Disk& disk, const std::string& queue) : disk_(disk), queue_(queue) {}

  void visit(const std::string& kind) {
    const std::string directory = queue_ + '/' + kind;
    for (const std::string& name : list(directory)) {
      const std::string path = directory + '/' + name;
      const auto part = store::parse_name(name, "", 10);
      if (part && *part < kMostParts && visit_part(kind, path)) continue;
      file(kind, path, name);
    }
  }

  MailFiles found;

 private:
  std::vector<std::string> list(const std::string& directory) {
    auto names = disk_.list(directory);
    if (names) return std::move(*names);
    if (names.error() != ENOENT) trouble("cannot list " + directory, names.error());
    return {};
  }

  bool visit_part(const std::string& kind, const std::string& path) {
    const auto names = disk_.list(path);
    if (!names && names.error() == ENOTDIR) return false;
    if (!names) return trouble("cannot list " + path, names.error()), true;
    found.parts.push_back(path);
    for (const std::string& name : *names) file(kind, path + '/' + name, name);
    return true;
  }

  void file(const std::string& kind, const std::string& path, const std::string& name) {
    const bool pending = name.ends_with(kPending);
    const auto number = store::parse_name(name, pending ? kPending : "", 10);
    if (!number || std::to_string(*number) + (pending ? kPending : "") != name)
      return found.puzzling.push_back(fmt::format("[{}] is not named as a file of a message", path));
    const auto opened = disk_.open(path, store::Disk::Open::kRead, 0);
    if (!opened) return trouble("cannot open " + path, opened.error());
    const auto facts = (*opened)->facts();
    if (!facts) return trouble("cannot look at " + path, facts.error());
    if (!facts->regular) return found.puzzling.push_back(fmt::format("[{}] is no plain file", path));
    if (kind == "mess") return found.bodies.push_back({path, *number, facts->inode, pending});
    Companion companion{kind, path, *number, pending, facts->size};
    (pending ? found.pending : found.plain).emplace(*number, std::move(companion));
  }

  void trouble(const std::string& what, int error) {
    found.complete = false;
    found.puzzling.push_back(store::trouble(what, error).what);
  }

  store::Disk& disk_;
  const std::string& queue_;
};

}  // namespace

std::string directory_for(const std::string& queue, const std::string& kind, std::uint64_t number, const Shape& shape) {
  std::string directory = queue + '/' + kind;
  if (is_split(kind, shape)) directory += fmt::format("/{}", number % shape.split);
  return directory;
}

std::string path_for(const std::string& queue, const std::string& kind, std::uint64_t number, const Shape& shape) {
  return fmt::format("{}/{}", directory_for(queue, kind, number, shape), number);
}

std::string pending_path_for(const std::string& queue, const std::string& kind, std::uint64_t number,
                             const Shape& shape) {
  return path_for(queue, kind, number, shape) + kPending;
}

MailFiles find_mail_files(store::Disk& disk, const std::string& queue) {
  Search search(disk, queue);
  search.visit("mess");
  for (const char* kind : kCompanions) search.visit(kind);
  return std::move(search.found);
}

}  // namespace sluice::standstill
