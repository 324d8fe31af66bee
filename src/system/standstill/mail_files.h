// MailFiles: which files of messages there are in the directories of qmail's layout, wherever they stand. A message has
// a file in mess; its others bear the same number:
//
//   mess info local remote    always in a subdirectory, the number mod the split
//   todo intd                 in a subdirectory with BIGTODO, else in the directory itself
//   bounce                    in the directory itself
//
// A name "N.new" is one that queue-fix gave a file on the way to the number N (numbering.h).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "system/store/disk.h"
#include "system/store/layout.h"

namespace sluice::standstill {

inline constexpr std::array<const char*, 6> kCompanions = {"info", "local", "remote", "todo", "intd", "bounce"};

struct Shape {
  unsigned split = 1;
  bool big_todo = true;
};

// Where a file of this number belongs.
std::string directory_for(const std::string& queue, const std::string& kind, std::uint64_t number, const Shape& shape);
std::string path_for(const std::string& queue, const std::string& kind, std::uint64_t number, const Shape& shape);
std::string pending_path_for(const std::string& queue, const std::string& kind, std::uint64_t number,
                             const Shape& shape);

struct Body {
  std::string path;
  std::uint64_t number = 0;  // in its name
  std::uint64_t inode = 0;
  bool pending = false;  // its name ends in ".new"
};

struct Companion {
  std::string kind;
  std::string path;
  std::uint64_t number = 0;
  bool pending = false;
  std::uint64_t size = 0;
};

struct MailFiles {
  std::vector<Body> bodies;
  std::multimap<std::uint64_t, Companion> plain, pending;  // by number
  std::vector<std::string> parts;                          // numbered subdirectories of all kinds
  std::vector<std::string> puzzling;  // sentences about what is no file of a message; it is left alone
  bool complete = true;               // everything could be looked at
};

MailFiles find_mail_files(store::Disk& disk, const std::string& queue);

}  // namespace sluice::standstill
