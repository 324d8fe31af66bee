#include "core/local/alias_expansion.h"

#include <boost/unordered/unordered_flat_set.hpp>

#include <fmt/format.h>

#include <utility>

#include "core/local/alias_target.h"
#include "core/local/aliases.h"
#include "core/mail/address.h"

namespace sluice::local {

namespace {

constexpr std::string_view kOwnerPrefix = "owner-";

std::string shown(std::string_view name) { return mail::printable(name.substr(0, 200)); }

class Expander {
 public:
  explicit Expander(const AliasLookup& lookup) : lookup_(lookup) {}

  Result<Expansion, ExpansionError> run(std::string_view local_part) {
    const std::string key = alias_key(local_part);
    auto known = open(key, "", 1);
    if (!known) return fail(std::move(known.error()));
    if (!*known) return Expansion{};
    while (!waiting_.empty()) {
      Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      if (auto done = settle(std::move(next)); !done) return fail(std::move(done.error()));
    }
    if (targets_.empty())
      return fail(ExpansionError{ExpansionProblem::kLoop,
                                 fmt::format("The aliases of {} lead back to themselves and to nobody.", shown(key))});
    return Expansion{true, std::move(targets_)};
  }

 private:
  struct Waiting {
    Action action;
    std::string alias;  // the key in which it stands
    std::string owner;
    int depth = 0;
  };

  // Puts the targets of an alias on the stack. False: there is no such alias.
  Result<bool, ExpansionError> open(const std::string& key, const std::string& owner, int depth) {
    auto found = lookup_(key);
    if (!found) return fail(ExpansionError{ExpansionProblem::kDatabase, std::move(found.error())});
    if (!*found) return false;
    if (depth > kMaximumAliasDepth)
      return fail(ExpansionError{ExpansionProblem::kTooDeep,
                                 fmt::format("More than {} aliases one behind the other.", kMaximumAliasDepth)});
    opened_.insert(key);
    auto own = owner_of(key, lookup_);
    if (!own) return fail(std::move(own.error()));
    if (waiting_.size() + (*found)->size() > kMaximumExpanded) return fail(too_many());
    for (auto target = (*found)->rbegin(); target != (*found)->rend(); ++target)
      waiting_.push_back({std::move(*target), key, own->empty() ? owner : *own, depth});
    return true;
  }

  Result<void, ExpansionError> settle(Waiting waiting) {
    const Forward* forward = std::get_if<Forward>(&waiting.action);
    if (forward == nullptr || forward->address.find('@') != std::string::npos)
      return finish(std::move(waiting.action), std::move(waiting.owner));
    const std::string key = alias_key(forward->address);
    if (key != waiting.alias) {
      if (opened_.contains(key)) return {};
      auto known = open(key, waiting.owner, waiting.depth + 1);
      if (!known) return fail(std::move(known.error()));
      if (*known) return {};
    }
    return finish(Self{forward->address}, std::move(waiting.owner));
  }

  Result<void, ExpansionError> finish(Action action, std::string owner) {
    // The position in the variant tells apart what looks the same as text.
    if (!finished_.insert(static_cast<char>('0' + action.index()) + to_string(action)).second) return {};
    if (targets_.size() >= kMaximumExpanded) return fail(too_many());
    targets_.push_back({std::move(action), std::move(owner)});
    return {};
  }

  static ExpansionError too_many() {
    return {ExpansionProblem::kTooMany, fmt::format("More than {} recipients in one alias.", kMaximumExpanded)};
  }

  const AliasLookup& lookup_;
  std::vector<Waiting> waiting_;  // a stack: the first target of an alias on top
  boost::unordered_flat_set<std::string> opened_, finished_;
  std::vector<AliasTarget> targets_;
};

}  // namespace

mail::Outcome to_outcome(const ExpansionError& error) {
  mail::Outcome outcome;
  switch (error.problem) {
    case ExpansionProblem::kLoop:
    case ExpansionProblem::kTooDeep:
      outcome.verdict = mail::Verdict::kFailed;
      outcome.code = {5, 4, 6};
      break;
    case ExpansionProblem::kTooMany:
      outcome.verdict = mail::Verdict::kFailed;
      outcome.code = {5, 2, 4};
      break;
    case ExpansionProblem::kDatabase:
      outcome.verdict = mail::Verdict::kDeferred;
      outcome.code = {4, 3, 0};
      break;
  }
  outcome.text = fmt::format("{} (#{}.{}.{})", error.text.substr(0, mail::kMaximumText - 20), outcome.code.status_class,
                             outcome.code.subject, outcome.code.detail);
  return outcome;
}

Result<Expansion, ExpansionError> expand_alias(std::string_view local_part, const AliasLookup& lookup) {
  return Expander(lookup).run(local_part);
}

Result<std::string, ExpansionError> owner_of(std::string_view name, const AliasLookup& lookup) {
  const std::string key = alias_key(name);
  if (key.starts_with(kOwnerPrefix) || key.ends_with("-request")) return std::string();
  std::string owner = std::string(kOwnerPrefix) + key;
  auto found = lookup(owner);
  if (!found) return fail(ExpansionError{ExpansionProblem::kDatabase, std::move(found.error())});
  return *found ? owner : std::string();
}

}  // namespace sluice::local
