// The todo directory of a queue as it lies on the disk: what waits there, and what a todo file says. Read by todo-proc,
// which asks for the adoption of what it finds, and by qmail-intake at its start.
//
// Messages stand in todo/<part>/<number> (BIGTODO) or todo/<number>; clients that were told other things about the
// queue may have put them in the other way, or into another part.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "core/queue/todo_file.h"
#include "system/store/disk.h"
#include "system/store/layout.h"

namespace sluice::store {

struct TodoPlace {
  std::uint64_t number = 0;           // of the message: the inode of its body
  std::optional<std::uint32_t> part;  // subdirectory; none: in the directory itself
  friend auto operator<=>(const TodoPlace&, const TodoPlace&) = default;
};

// Where a message stands below `directory`, "todo" or "intd".
std::string todo_directory(const std::string& queue, const char* directory, const TodoPlace& place);
std::string todo_path(const std::string& queue, const char* directory, const TodoPlace& place);

// Every name that is the number of a message, by number. A part that cannot be read is passed over; the next look finds
// what is in it.
Result<std::vector<TodoPlace>, Trouble> list_todo(Disk& disk, const std::string& queue);

// Where the message of that number may stand whose client names the part `named`: there, or where we would put it, or
// in the directory itself.
std::vector<TodoPlace> likely_places(std::uint64_t number, std::uint32_t named, unsigned split);

struct TodoRead {
  queue::TodoFile content;
  WallTime written{};
};
struct TodoReadFailure {
  bool gone = false;       // somebody took it
  bool malformed = false;  // it will not get better
  WallTime written{};      // if malformed
  std::string what;
};
Result<TodoRead, TodoReadFailure> read_todo(Disk& disk, const std::string& queue, const TodoPlace& place);

}  // namespace sluice::store
