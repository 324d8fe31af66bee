// sluice setup: makes the users, groups and directories that an instance with root needs. What is there stays; a second
// run changes nothing.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "command.h"
#include "core/local/owner.h"
#include "core/supervise/queue_set.h"
#include "system/groups/groups.h"
#include "system/layout/repair.h"
#include "system/os/failure.h"
#include "system/os/fd.h"
#include "system/os/process.h"
#include "system/os/users.h"

namespace sluice::commands {
namespace {

using queue::Group;
using queue::User;

constexpr int kExitNoPermission = 77;  // EX_NOPERM of sysexits.h
constexpr int kExitOsError = 71;       // EX_OSERR
constexpr int kExitNotReady = 1;       // of --check
constexpr unsigned kQueueProgramMode = 06551;
constexpr const char* kToolPath = "/usr/sbin:/usr/bin:/sbin:/bin";

constexpr const char* kRequiredNames[] = {"postmaster", "mailer-daemon", "root"};

struct Account {
  User user;
  Group group;
};
constexpr Account kAccounts[] = {{User::kScheduler, Group::kQmail},
                                 {User::kQueue, Group::kQmail},
                                 {User::kRemote, Group::kQmail},
                                 {User::kLogger, Group::kNofiles},
                                 {User::kServer, Group::kNofiles}};

// One run: what it found and did.
class Setup {
 public:
  Setup(bool check, Invocation& invocation) : check_(check), invocation_(invocation) {}

  void run() {
    if (::geteuid() != 0)
      return invocation_.fail(kExitNoPermission, "setup makes users and directories: run it as root");
    if (!make_accounts()) return;
    if (check_ && lacking_ > 0) return finish();  // owners cannot be judged without users
    const auto owners = layout::Owners::find();
    if (!owners) return invocation_.fail(kExitOsError, owners.error().to_text());
    make_named_home(*owners);
    const auto loaded = invocation_.load();
    if (!loaded) return;
    make_directories(loaded->settings, *owners);
    empower_queue_program(*owners);
    finish(loaded->settings.home);
  }

 private:
  bool make_accounts() {
    for (const Group group : {Group::kQmail, Group::kNofiles}) {
      const std::string name(name_of(group));
      if (os::find_group(name)) continue;
      if (!make("group " + name, {"groupadd", "--system", name})) return false;
    }
    for (const Account& account : kAccounts) {
      const std::string name(name_of(account.user));
      if (os::find_user(name)) continue;
      if (!make_user(name, std::string(name_of(account.group)))) return false;
    }
    // Its home is a setting of each instance, not what the system's database says.
    const std::string alias(local::kAliasUser);
    return os::find_user(alias) || make_user(alias, std::string(name_of(Group::kNofiles)));
  }

  bool make_user(const std::string& name, const std::string& group) {
    const std::string no_login = os::find_program("nologin", kToolPath);
    return make("user " + name, {"useradd", "--system", "--gid", group, "--home-dir", "/nonexistent",
                                 "--no-create-home", "--shell", no_login.empty() ? "/bin/false" : no_login, name});
  }

  // Mail for names that are no users: .qmail files of the user alias. Whoever made the directory decides about it. In a
  // new one the names that every host must have (RFC 5321 4.5.1, RFC 2142) have a mailbox, so that their mail is kept.
  void make_alias_directory(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored) || lack("directory " + path)) return;
    const auto alias = os::find_user(std::string(local::kAliasUser));
    // It is root's until it is complete, so that nobody can put a link in the way.
    if (!alias || ::mkdir(path.c_str(), 0755) != 0 || ::chmod(path.c_str(), 0755) != 0 ||
        !make_alias_files(path, alias->uid, alias->gid) || ::chown(path.c_str(), alias->uid, alias->gid) != 0)
      return invocation_.fail(kExitCannotCreate, os::with_errno("cannot make " + path));
    fmt::print(
        "made {0}\nmail for {1} goes to {0}/Maildir/ until other addresses stand in {0}/.qmail-root and so on, or in "
        "the "
        "aliases\n",
        path, fmt::join(kRequiredNames, ", "));
  }

  static bool make_alias_files(const std::string& directory, uid_t uid, gid_t gid) {
    constexpr std::string_view kKeep = "./Maildir/\n";
    for (const char* name : kRequiredNames) {
      const std::string path = fmt::format("{}/.qmail-{}", directory, name);
      const os::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      if (!file || ::write(file.get(), kKeep.data(), kKeep.size()) != static_cast<ssize_t>(kKeep.size()) ||
          ::fchmod(file.get(), 0644) != 0 || ::fchown(file.get(), uid, gid) != 0)
        return false;
    }
    return true;
  }

  // Runs one of the system's own tools, which know where accounts are kept.
  bool make(const std::string& what, std::vector<std::string> arguments) {
    if (lack(what)) return true;
    os::Program program;
    program.path = os::find_program(arguments.front(), kToolPath);
    if (program.path.empty()) {
      invocation_.fail(kExitOsError, fmt::format("cannot make {}: there is no {} in {}; make it yourself", what,
                                                 arguments.front(), kToolPath));
      return false;
    }
    program.arguments = std::move(arguments);
    program.environment.set("PATH", kToolPath);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) program.descriptors.emplace_back(fd, fd);
    const auto child = os::spawn(program);
    const int status = child ? os::wait_for(*child) : -1;
    if (status == 0) {
      fmt::print("made {}\n", what);
      return true;
    }
    invocation_.fail(kExitOsError,
                     fmt::format("cannot make {}: {}", what,
                                 child ? program.path + ' ' + os::describe_end(status) : child.error().what));
    return false;
  }

  // The installed qmail-queue is the one program that acts for its callers. In a build tree, whose directory is not
  // called sbin, it stays as it is: what anybody may build, nobody else should run with rights.
  void empower_queue_program(const layout::Owners& owners) {
    const std::string directory = os::executable_directory();
    if (!directory.ends_with("/sbin")) return;
    const std::string path = directory + "/qmail-queue";
    const os::Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
      return invocation_.fail(kExitOsError, os::with_errno("cannot open " + path));
    const uid_t uid = owners.uid(queue::User::kQueue);
    const gid_t gid = owners.gid(queue::Group::kQmail);
    if (status.st_uid == uid && status.st_gid == gid && (status.st_mode & 07777) == kQueueProgramMode) return;
    ++lacking_;
    fmt::print("{} belongs to qmailq and qmail, with mode {:o}\n", path, kQueueProgramMode);
    if (check_) return;
    // The owner first: a change of it takes the set-user-id bit away.
    if (::fchown(file.get(), uid, gid) != 0 || ::fchmod(file.get(), kQueueProgramMode) != 0)
      invocation_.fail(kExitCannotCreate, os::with_errno("cannot change " + path));
  }

  // Counts and, with --check, names what is lacking; true: leave it so.
  bool lack(const std::string& what) {
    ++lacking_;
    if (check_) fmt::print("missing: {}\n", what);
    return check_;
  }

  // Settings cannot be read of a home that was named and is not there.
  void make_named_home(const layout::Owners& owners) {
    const char* const variable = std::getenv("SLUICE_HOME");
    const std::string home = !invocation_.home.empty() ? invocation_.home : variable != nullptr ? variable : "";
    if (home.empty()) return;
    std::error_code ignored;
    if (!std::filesystem::exists(home, ignored)) repair(home, queue::home_places(), owners);
  }

  void make_directories(const settings::Settings& settings, const layout::Owners& owners) {
    repair(settings.home, queue::home_places(), owners);
    repair(settings.control_dir, queue::public_places(), owners);
    const groups::Groups groups(settings);
    for (const std::string& directory : groups.directories()) repair(directory, queue::public_places(), owners);
    repair(settings.run_dir, queue::run_places(), owners);
    make_alias_directory(settings.alias_dir);
    // Queues that were used without root before; others are made at the first start.
    for (const groups::FoundQueue& queue : groups.found())
      if (groups.all()[queue.group].holds(queue.number))
        repair(queue.directory, queue::queue_places({.split = settings.conf_split, .big_todo = settings.big_todo}),
               owners, true);
  }

  void repair(const std::string& root, const std::vector<queue::Place>& places, const layout::Owners& owners,
              bool plain_files = false) {
    layout::Orders orders;
    orders.plain_files = plain_files;
    orders.approve = [this](const layout::Finding& finding) {
      ++lacking_;
      fmt::print("{}\n", finding.text);
      return !check_;
    };
    orders.complain = [this](std::string_view text) { invocation_.fail(kExitCannotCreate, std::string(text)); };
    layout::repair(root, places, owners, orders);
  }

  void finish(const std::string& home = {}) {
    if (invocation_.status != 0) return;
    if (lacking_ == 0) return fmt::print("{} is ready; nothing was changed\n", home);
    if (!check_) return fmt::print("{} is ready\n", home);
    fmt::print("not ready; `sluice setup` makes it so\n");
    invocation_.status = kExitNotReady;
  }

  const bool check_;
  Invocation& invocation_;
  unsigned lacking_ = 0;
};

}  // namespace

void add_setup(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("setup", "Make the users, groups and directories of an instance (as root)");
  auto check = std::make_shared<bool>(false);
  command->add_flag("--check", *check, "Change nothing; print what is missing; exit status 1 if there is anything");
  command->callback([check, &invocation] { Setup(*check, invocation).run(); });
}

}  // namespace sluice::commands
