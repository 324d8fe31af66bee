// What an instance and its queues look like on disk, as data: every directory, lock and fifo with its owner and mode.
// system/layout makes and repairs them; the page for people is docs/formats.md. What the files hold is not said here.
//
// Split directories: with split S, the files of message number N stand in the subdirectory N mod S. mess, info, local
// and remote are always split; intd and todo only with BIGTODO; all programs of one queue must agree on both values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::queue {

// The users and groups between which the daemons are divided.
enum class User { kRoot, kScheduler, kQueue, kRemote, kLogger, kServer };
enum class Group { kRoot, kQmail, kNofiles };
inline constexpr std::size_t kUsers = 6, kGroups = 3;
std::string_view name_of(User user);    // root qmails qmailq qmailr qmaill qmaild
std::string_view name_of(Group group);  // root qmail nofiles

inline constexpr unsigned kMaximumSplit = 151;
inline constexpr std::size_t kTcptoSize = 2048;

struct QueueShape {
  unsigned split = kMaximumSplit;  // CONFSPLIT, 1 to kMaximumSplit
  bool big_todo = true;            // BIGTODO
  bool rate_limit = false;         // a ratelimit directory as well
  std::size_t tcpto = kTcptoSize;  // octets of lock/tcpto
};

// A split as a person writes it, 1 to kMaximumSplit. Nothing: not such a number.
std::optional<unsigned> parse_split(std::string_view text);
// BIGTODO: 0 or 1.
std::optional<bool> parse_big_todo(std::string_view text);

struct FileModes {
  unsigned greatest;  // what a wrong one is set to
  unsigned least;
  constexpr bool allow(unsigned mode) const { return (mode & ~greatest) == 0 && (mode & least) == least; }
};

struct Place {
  enum class Kind { kDirectory, kFile, kFifo };
  std::string path;  // relative; "." is the queue (or home) directory itself
  Kind kind = Kind::kDirectory;
  User owner = User::kQueue;
  Group group = Group::kQmail;
  unsigned mode = 0;
  std::size_t size = 0;  // kFile: octets (zeros) when it is made
  // kDirectory: mode of the plain files in it, and how many names such a file may have (todo files are links of intd
  // files). Nothing: its files are not ours to judge. Files are made by programs of several families: all modes from
  // the least to the greatest are right, bit by bit.
  std::optional<FileModes> files = std::nullopt;
  unsigned file_links = 1;
};

// All places below a queue directory, each after the directory that holds it.
std::vector<Place> queue_places(const QueueShape& shape);

// A directory of root's in which everybody may look: home, its etc, the control files, the base of the queues. The last
// is root's too: who may write there could put a link to anywhere in the place of a queue, whose owners root repairs.
std::vector<Place> home_places();    // the home directory and its etc
std::vector<Place> public_places();  // one such directory

// The run directory with the directories of the sockets.
std::vector<Place> run_places();

// Sockets and locks in the run directory.
std::string supervisor_lock(std::string_view run_directory);
std::string supervisor_socket(std::string_view run_directory);
std::string intake_socket(std::string_view run_directory, std::string_view queue_name);   // RUN/intake/queueN
std::string control_socket(std::string_view run_directory, std::string_view queue_name);  // RUN/control/queueN
std::string limits_directory(std::string_view run_directory);                             // RUN/limits

// Below the queue directory: held (flock) by the queue's qmail-send for as long as it lives.
inline constexpr const char* kSendMutex = "lock/sendmutex";

}  // namespace sluice::queue
