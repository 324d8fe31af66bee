// qmail-newu: makes users/cdb of users/assign. See qmail-newu(8).

#include <fmt/format.h>

#include "core/local/assign.h"
#include "system/cdb/writer.h"
#include "system/config/load.h"
#include "system/os/failure.h"
#include "system/os/regular_file.h"

namespace sluice::qmail_newu {

namespace {

constexpr int kExitUsage = 100, kExitFailure = 111;
constexpr std::size_t kLargest = 1u << 30;  // octets of users/assign; a database holds 4 GiB at most

std::vector<local::Assignment> read(const std::string& path) {
  const auto file = os::read_regular_file(path, kLargest);
  if (!file) throw os::Fatal(kExitFailure, file.error().what);
  if (!*file) throw os::Fatal(kExitFailure, fmt::format("cannot read {}: there is no such file", path));
  if (((*file)->mode & 0002) != 0)
    throw os::Fatal(kExitFailure, fmt::format("{} is writable by everybody: not used", path));
  auto assignments = local::parse_assign((*file)->text);
  if (!assignments)
    throw os::Fatal(kExitFailure,
                    fmt::format("{} line {}: {}", path, assignments.error().line, assignments.error().text));
  return *std::move(assignments);
}

void write(const std::vector<local::KeyValue>& records, const std::string& path) {
  const auto check = [](const auto& result) {
    if (!result) throw os::Fatal(kExitFailure, result.error());
  };
  auto writer = cdb::Writer::create(path, 0644);
  check(writer);
  for (const local::KeyValue& record : records) check(writer->add(record.key, record.value));
  check(writer->commit());
}

int run(int argc, char**) {
  if (argc > 1) throw os::Fatal(kExitUsage, "takes no arguments; usage: qmail-newu");
  const auto loaded = config::load({});
  if (!loaded) throw os::Fatal(kExitFailure, loaded.error().front().to_text());
  const std::string& directory = loaded->settings.users_dir;
  write(local::encode_assignments(read(directory + "/assign")), directory + "/cdb");
  return 0;
}

}  // namespace

}  // namespace sluice::qmail_newu

int main(int argc, char** argv) { return sluice::os::run_main("qmail-newu", sluice::qmail_newu::run, argc, argv); }
