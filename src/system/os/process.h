// Starting programs and becoming somebody else. Everything a program inherits is stated: arguments, environment,
// descriptors, directory, identity; whatever is not stated is closed or set back. No shell is ever involved.
//
// For single-threaded processes: between fork and exec the child runs ordinary code of this library, but allocates
// nothing.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "system/os/environment.h"

namespace sluice::os {

// The groups list becomes exactly {gid}, or `groups` if that is not empty.
struct Identity {
  uid_t uid;
  gid_t gid;
  std::vector<gid_t> groups{};
};

// Becomes this user for good. False: errno says why not, and what of the old identity is left is not to be used.
bool become(const Identity& identity);

struct Program {
  std::string path;                    // executed as it stands, no search; found as whom we are before `identity`
  std::vector<std::string> arguments;  // with argument 0
  Environment environment;
  // (ours, the program's). Ours may repeat; numbers that the program is not given are closed in it.
  std::vector<std::pair<int, int>> descriptors;
  std::string directory{};  // empty: stays
  std::vector<int>
      held_signals{};  // are kept until the program asks for them (net::Loop); all others get their default
  std::optional<mode_t> file_mask = std::nullopt;
  std::optional<Identity> identity = std::nullopt;  // nothing: stays
  bool own_group = false;                           // leads a process group of its own
  int nice = 0;                                     // added to ours; one that is not allowed is left as it is
  pid_t join_group = 0;                             // becomes a member of this one, of our session
  int parent_death_signal = 0;  // sent when the starter dies; 0: replace_with() keeps the one this process has
};

struct StartFailure {
  int code = 0;      // errno
  std::string what;  // "cannot execute /x/bin/qmail-clean: No such file or directory"
};

// Starts the program as a child. When it returns a process id, the program has been executed: a missing file, a
// descriptor or an identity that cannot be had are failures of this call, and no process is left.
Result<pid_t, StartFailure> spawn(const Program& program);

// Becomes the program; comes back only with the failure. Ignores own_group and join_group.
StartFailure replace_with(const Program& program);

// The directory of the file that this process executes, without a final slash.
std::string executable_directory();

// The file that `name` means to execvp: itself if it has a slash, else the first executable of that name in `path`
// (as $PATH); empty: there is none.
std::string find_program(const std::string& name, const std::string& path);

// Where programs that are named without a slash are searched: $PATH, then the directory of our own programs.
std::string search_path(const Environment& environment, const std::string& own);

// A child that ended.
struct Ended {
  pid_t pid = 0;
  int status = 0;  // of waitpid
};
std::optional<Ended> reap_any();       // a child that has ended and was not reaped; never waits
int wait_for(pid_t child);             // its status; waits
std::string describe_end(int status);  // "exited with status 1", "killed by signal 9"

// Descriptors 0 to 2 that the starter left closed become ones that read nothing and show nothing, so that no file or
// socket of ours is ever taken for a standard stream. Reading from such a 0 fails as if it were closed.
void occupy_standard_streams();

// Takes over the children of children that die, so that reap_any() sees the end of every descendant.
void adopt_orphans();

}  // namespace sluice::os
