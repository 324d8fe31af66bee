#include "directions.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/local/dot_forward.h"
#include "core/local/dot_qmail.h"
#include "core/local/owner.h"
#include "core/local/permissions.h"
#include "core/local/program_environment.h"
#include "system/os/fd.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

constexpr int kDeepestInclude = 10;

bool is_missing(int error) { return error == ENOENT || error == ENAMETOOLONG; }

mail::Outcome unreadable(const std::string& path, int error) {
  return deferred(fmt::format("Unable to read {}: {}.", path, std::strerror(error)));
}

local::FileFacts facts_of(const InstructionFile& file) { return {file.mode, file.owner}; }

Result<void, mail::Outcome> judge_home() {
  struct stat home {};
  if (::stat(".", &home) != 0)
    return fail(deferred(fmt::format("Unable to look at the home directory: {}.", std::strerror(errno))));
  if (const auto error = local::judge_home({home.st_mode, home.st_uid})) return fail(local::to_outcome(*error));
  return {};
}

Result<std::vector<local::Instruction>, mail::Outcome> default_instructions(const link::Letter& letter) {
  auto parsed = local::parse_dot_qmail(letter.default_delivery, false);
  if (!parsed) return fail(local::to_outcome(parsed.error()));
  return std::move(parsed->instructions);
}

Result<Directions, mail::Outcome> from_dot_qmail(const link::Letter& letter, const InstructionFile& file,
                                                 const local::DotQmailName& name) {
  if (const auto error = local::judge_dot_qmail(facts_of(file))) return fail(local::to_outcome(*error));
  auto parsed = local::parse_dot_qmail(file.text, local::forwards_only(facts_of(file)));
  if (!parsed) return fail(local::to_outcome(parsed.error()));
  Directions directions{std::move(parsed->instructions), name.default_part};
  if (parsed->use_default) {
    auto fallback = default_instructions(letter);
    if (!fallback) return fail(std::move(fallback.error()));
    directions.instructions = std::move(*fallback);
  }
  return directions;
}

// "\joe" in joe's own file is his mailbox; another user is reached by an address like everybody.
Result<std::vector<local::Instruction>, mail::Outcome> with_self(const link::Letter& letter,
                                                                 std::vector<local::Instruction> instructions) {
  std::vector<local::Instruction> result;
  for (local::Instruction& one : instructions) {
    const auto* self = std::get_if<local::Self>(&one.action);
    if (self == nullptr) {
      result.push_back(std::move(one));
    } else if (self->user != letter.user) {
      result.push_back({local::Forward{self->user}, one.line});
    } else {
      auto own = default_instructions(letter);
      if (!own) return fail(std::move(own.error()));
      result.insert(result.end(), own->begin(), own->end());
    }
  }
  return result;
}

Result<std::vector<local::Instruction>, mail::Outcome> from_dot_forward(const link::Letter& letter) {
  const auto file = read_instruction_file(".forward");
  if (!file && is_missing(file.error())) return default_instructions(letter);
  if (!file) return fail(unreadable(".forward", file.error()));
  if (const auto error = local::judge_dot_forward(facts_of(*file), ::geteuid())) return fail(local::to_outcome(*error));
  auto parsed = local::parse_dot_forward(file->text);
  if (!parsed) return fail(local::to_outcome(parsed.error()));
  if (parsed->empty()) return default_instructions(letter);
  return with_self(letter, std::move(*parsed));
}

Result<void, mail::Outcome> expand_include(std::vector<local::Instruction>& to, const std::string& path, int depth) {
  if (depth > kDeepestInclude)
    return fail(deferred(fmt::format("{} is included more than {} files deep.", path, kDeepestInclude), {4, 3, 5}));
  const auto file = read_instruction_file(path);
  if (!file) return fail(unreadable(path, file.error()));
  if (const auto error = local::judge_dot_forward(facts_of(*file), ::geteuid())) return fail(local::to_outcome(*error));
  auto parsed = local::parse_include(file->text, file->owner == ::geteuid());
  if (!parsed) return fail(local::to_outcome(parsed.error()));
  for (local::Instruction& one : *parsed) {
    if (const auto* include = std::get_if<local::Include>(&one.action)) {
      if (auto deeper = expand_include(to, include->path, depth + 1); !deeper) return deeper;
      continue;
    }
    if (to.size() >= local::kMaximumInstructions)
      return fail(deferred("There are more addresses in included files than can be followed.", {4, 3, 5}));
    to.push_back(std::move(one));
  }
  return {};
}

}  // namespace

bool Directions::only_maildirs() const {
  return std::all_of(instructions.begin(), instructions.end(),
                     [](const auto& one) { return std::holds_alternative<local::Maildir>(one.action); });
}

Result<InstructionFile, int> read_instruction_file(const std::string& path) {
  // Without O_NONBLOCK a FIFO would hold us until somebody writes.
  const os::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return fail(int{errno});
  InstructionFile result{status.st_mode, status.st_uid, {}};
  if (!S_ISREG(status.st_mode)) return result;  // its mode speaks for itself
  result.text.resize(local::kMaximumInstructionFile + 1);
  std::size_t size = 0;
  while (size < result.text.size()) {
    const ssize_t count = ::read(file.get(), result.text.data() + size, result.text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(int{errno});
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > local::kMaximumInstructionFile) return fail(int{EFBIG});
  result.text.resize(size);
  return result;
}

Result<Directions, mail::Outcome> find_directions(const link::Letter& letter) {
  if (letter.home.empty()) {
    auto instructions = default_instructions(letter);
    if (!instructions) return fail(std::move(instructions.error()));
    return Directions{std::move(*instructions)};
  }
  if (auto good = judge_home(); !good) return fail(std::move(good.error()));
  for (const auto& name : local::dot_qmail_names(letter.dash, letter.ext)) {
    const auto file = read_instruction_file(name.file);
    if (file) return from_dot_qmail(letter, *file, name);
    if (!is_missing(file.error())) return fail(unreadable(name.file, file.error()));
  }
  if (local::needs_dot_qmail(letter.dash))
    return fail(failed("Sorry, there is no mailbox here by that name.", {5, 1, 1}));
  auto instructions = from_dot_forward(letter);
  if (!instructions) return fail(std::move(instructions.error()));
  return Directions{std::move(*instructions)};
}

Result<void, mail::Outcome> read_includes(std::vector<local::Instruction>& instructions) {
  std::vector<local::Instruction> result;
  for (local::Instruction& one : instructions) {
    if (const auto* include = std::get_if<local::Include>(&one.action)) {
      if (auto read = expand_include(result, include->path, 1); !read) return read;
    } else {
      result.push_back(std::move(one));
    }
  }
  instructions = std::move(result);
  return {};
}

std::string forwarding_sender(const link::Letter& letter) {
  const auto names = local::owner_files(letter.dash, letter.ext);
  struct stat ignored {};
  const auto exists = [&](const std::string& name) { return ::stat(name.c_str(), &ignored) == 0; };
  local::OwnerFilesFound found;
  if (!letter.home.empty()) {
    found.owner = exists(names.owner);
    found.owner_default = found.owner && exists(names.owner_default);
  }
  return local::new_sender(letter.sender, letter.local, letter.domain, found);
}

}  // namespace sluice::mailbox_delivery
