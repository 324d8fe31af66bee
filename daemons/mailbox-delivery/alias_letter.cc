// A letter to an entry of the alias database, delivered under the uid of the alias user: files and programs here, users
// of this host by qmail-lspawn, everybody else by a new message for each owner of a list.
#include <map>

#include "carry_out.h"
#include "forward.h"
#include "steps.h"
#include "system/aliases/table.h"
#include "verdicts.h"

namespace sluice::mailbox_delivery {

namespace {

struct Sorted {
  std::vector<local::Instruction> here;
  std::map<std::string, std::vector<std::string>> addresses;  // by the sender of what goes to them
  std::vector<std::string> users;
  std::string users_sender;
};

std::string sender_for(const link::Letter& letter, const std::string& owner) {
  if (owner.empty() || letter.sender.empty() || letter.sender == "#@[]") return std::string(letter.sender);
  return fmt::format("{}@{}", owner, letter.domain);
}

Result<void, mail::Outcome> sort_include(Sorted& sorted, const local::Include& include, const std::string& sender) {
  std::vector<local::Instruction> instructions{{include, 0}};
  if (auto read = read_includes(instructions); !read) return read;
  for (local::Instruction& one : instructions) {
    if (const auto* forward = std::get_if<local::Forward>(&one.action))
      sorted.addresses[sender].push_back(forward->address);
    else if (const auto* self = std::get_if<local::Self>(&one.action))
      sorted.users.push_back(self->user);
    else
      sorted.here.push_back(std::move(one));
  }
  return {};
}

Result<Sorted, mail::Outcome> sort(const link::Letter& letter, std::vector<local::AliasTarget> targets) {
  Sorted sorted;
  sorted.users_sender = letter.sender;
  for (local::AliasTarget& target : targets) {
    const std::string sender = sender_for(letter, target.owner);
    if (const auto* forward = std::get_if<local::Forward>(&target.action)) {
      sorted.addresses[sender].push_back(forward->address);
    } else if (const auto* self = std::get_if<local::Self>(&target.action)) {
      sorted.users.push_back(self->user);
      sorted.users_sender = sender;
    } else if (const auto* include = std::get_if<local::Include>(&target.action)) {
      if (auto read = sort_include(sorted, *include, sender); !read) return fail(std::move(read.error()));
    } else {
      sorted.here.push_back({std::move(target.action), 0});
    }
  }
  if (sorted.users.size() > link::LetterDone::kMostOnward)
    return fail(failed("The alias names too many users of this host.", {5, 2, 4}));
  return sorted;
}

std::optional<mail::Outcome> do_here(Steps& steps, const std::vector<local::Instruction>& instructions) {
  for (const local::Instruction& one : instructions) {
    auto [stop, trouble] = steps.take(one);
    if (trouble) return std::move(trouble);
    if (stop) break;
  }
  return std::nullopt;
}

}  // namespace

link::LetterDone carry_out_alias(const Work& work) {
  const link::Letter& letter = work.letter;
  link::LetterDone done{letter.token, {}, {}, {}};
  const auto stop = [&done](mail::Outcome outcome) { return done.outcome = std::move(outcome), done; };
  const auto table = aliases::Table::open(work.setup.aliases);
  if (!table) return stop(deferred(table.error(), {4, 3, 5}));
  auto expansion = table->expand(letter.local);
  if (!expansion) return stop(local::to_outcome(expansion.error()));
  // The database was replaced after qmail-lspawn looked: it will look again.
  if (!expansion->is_alias) return stop(deferred("The alias is gone.", {4, 3, 5}));
  auto sorted = sort(letter, std::move(expansion->targets));
  if (!sorted) return stop(std::move(sorted.error()));

  Steps steps(work, std::string(letter.sender), std::nullopt);
  if (auto trouble = do_here(steps, sorted->here)) return stop(std::move(*trouble));
  const bool alone = sorted->addresses.size() == 1 && sorted->here.empty() && sorted->users.empty();
  for (const auto& [sender, addresses] : sorted->addresses) {
    if (auto trouble = forward(letter, work.body, {sender, addresses, sender == letter.sender}))
      return stop(std::move(*trouble));
    steps.count_forwards(addresses.size());
  }
  const bool moved =
      alone && sorted->addresses.begin()->second.size() == 1 && sorted->addresses.begin()->first == letter.sender;
  done.outcome = {mail::Verdict::kDelivered,
                  mail::Trouble::kNone,
                  0,
                  {2, 0, 0},
                  steps.counts().text(),
                  sorted->addresses.empty() ? mail::Reached::kMailbox
                  : moved                   ? mail::Reached::kReporter
                                            : mail::Reached::kExpanded};
  done.onward = std::move(sorted->users);
  done.onward_sender = std::move(sorted->users_sender);
  return done;
}

}  // namespace sluice::mailbox_delivery
