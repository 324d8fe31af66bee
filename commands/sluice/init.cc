// sluice init: makes the directory of an instance. Everything is made beside it under another name and moved into its
// place at the end, so that there is a whole instance or none.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "command.h"
#include "core/settings/document.h"
#include "core/settings/table.h"
#include "core/settings/value.h"

namespace sluice::commands {
namespace {

namespace fs = std::filesystem;
using settings::Settings;

struct Arguments {
  std::string directory;
  std::string me;
  std::vector<std::string> listen{"127.0.0.1:2525"};
};

// A directory that is gone again unless it was moved to its place.
class Draft {
 public:
  explicit Draft(fs::path path) : path_(std::move(path)) {}
  ~Draft() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const fs::path& path() const { return path_; }
  // Replaces an empty directory of that name (rename(2)).
  void move_to(const fs::path& place) {
    fs::rename(path_, place);
    path_.clear();
  }

 private:
  fs::path path_;
};

constexpr std::string_view kControlReadme = R"(# Control files

One setting a file, by the names that qmail gave them: me, locals, rcpthosts, smtproutes, concurrencyremote and so on.
A file here counts more than etc/sluice.toml. `sluice config` shows what counts, sluice.toml(5) lists the names.
)";

void write_file(const fs::path& path, std::string_view contents) {
  std::ofstream file(path, std::ios::binary);
  file << contents;
  file.close();
  if (!file) throw fs::filesystem_error("cannot write", path, std::make_error_code(std::errc::io_error));
  fs::permissions(path, fs::perms(0644));
}

// The settings of the new instance; nothing, with a message, if an argument is wrong.
std::optional<Settings> settings_of(const Arguments& arguments, const std::string& home, Invocation& invocation) {
  settings::Sources sources{.home = home};
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) sources.host_name = name.data();
  if (!arguments.me.empty()) sources.command_line.push_back({"me", arguments.me});
  sources.command_line.push_back({"smtp.listen", fmt::format("{}", fmt::join(arguments.listen, ","))});
  const auto evaluation = settings::evaluate(sources);
  if (!evaluation.problems.empty()) {
    for (const auto& problem : evaluation.problems) invocation.fail(kExitUsage, problem.what);
    return std::nullopt;
  }
  return evaluation.loaded.settings;
}

fs::path make_draft(const fs::path& place) {
  std::string pattern = place.string() + ".init-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw fs::filesystem_error("cannot create a directory", place.parent_path(),
                               std::error_code(errno, std::generic_category()));
  }
  return pattern;
}

void fill(const fs::path& home, const Settings& settings) {
  constexpr std::array<std::string_view, 2> kChosen{"me", "smtp.listen"};
  // Readable for all whatever the umask is, because the daemons run under several users.
  fs::permissions(home, fs::perms(0755));
  for (const auto* directory : {"etc", "etc/control", "queue", "run"}) {
    fs::create_directory(home / directory);
    fs::permissions(home / directory, fs::perms(0755));
  }
  write_file(home / "etc/sluice.toml", settings::sample_file(settings, kChosen));
  write_file(home / "etc/control/README", kControlReadme);
}

void run(const Arguments& arguments, Invocation& invocation) {
  std::error_code error;
  const fs::path given = fs::absolute(arguments.directory).lexically_normal();
  const fs::path home = given.has_filename() ? given : given.parent_path();
  const auto status = fs::symlink_status(home, error);
  if (fs::exists(status) && !fs::is_directory(status)) {
    return invocation.fail(kExitCannotCreate, fmt::format("{} exists and is not a directory", home.string()));
  }
  if (fs::exists(status) && !fs::is_empty(home, error)) {
    return invocation.fail(kExitCannotCreate,
                           fmt::format("{} is not an empty directory; nothing was changed", home.string()));
  }
  if (!fs::is_directory(home.parent_path(), error)) {
    return invocation.fail(kExitCannotCreate, fmt::format("there is no directory {}", home.parent_path().string()));
  }
  const auto settings = settings_of(arguments, home.string(), invocation);
  if (!settings) return;
  try {
    Draft draft(make_draft(home));
    fill(draft.path(), *settings);
    draft.move_to(home);
  } catch (const fs::filesystem_error& failure) {
    return invocation.fail(kExitCannotCreate, fmt::format("cannot make {}: {}; nothing was changed", home.string(),
                                                          failure.code().message()));
  }
  fmt::print("made {0}\nsettings: {0}/etc/sluice.toml; look at them with: sluice --home {0} config\n", home.string());
}

}  // namespace

void add_init(CLI::App& app, Invocation& invocation) {
  auto* command = app.add_subcommand("init", "Make the directory of a new instance");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("DIR", arguments->directory, "Where to make it; must not exist or be empty")
      ->required()
      ->type_name("");
  command->add_option("--me", arguments->me, "The name of this host as mail knows it")->type_name("NAME");
  command->add_option("--listen", arguments->listen, "Where to take mail by SMTP; may be repeated (127.0.0.1:2525)")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  command->callback([arguments, &invocation] { run(*arguments, invocation); });
}

}  // namespace sluice::commands
