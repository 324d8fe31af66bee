#include "target_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace sluice::remote {

TargetSearch::TargetSearch(net::Resolver& resolver, const ThisHost& self, route::Destination destination,
                           std::uint64_t seed, std::function<void(Result)> done)
    : resolver_(resolver), self_(self), destination_(std::move(destination)), seed_(seed), done_(std::move(done)) {
  if (destination_.relay) {
    exchangers_ = {{0, destination_.host}};
    find_addresses(0);
    return;
  }
  questions_.push_back(resolver_.find_mx(destination_.host, [this](const route::MxAnswer& answer) {
    auto chosen = route::choose_exchangers(destination_.host, answer, self_.names(), seed_);
    if (!chosen) return finish(fail(std::move(chosen.error())));
    exchangers_ = std::move(*chosen);
    keeps_for_others_ = route::names_us(answer, self_.names());
    find_addresses(0);
  }));
}

void TargetSearch::find_addresses(std::size_t first) {
  using Family = net::Resolver::Family;
  first_ = first;
  answers_.assign(std::min(exchangers_.size() - first, route::kMostExchangers), {});
  open_questions_ = 2 * answers_.size();
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      questions_.push_back(
          resolver_.find_addresses(exchangers_[first + i].host, family, [this, i, family](route::AddressAnswer answer) {
            (family == Family::kV4 ? answers_[i].v4 : answers_[i].v6) = std::move(answer);
            note_answer();
          }));
    }
  }
}

void TargetSearch::note_answer() {
  if (--open_questions_ > 0) return;
  // A route that leads to a port of ours is the operator's word, so only MX records are held against ourselves.
  const auto is_own = [this](const std::string& address) {
    return !destination_.relay && self_.answers_at(address, destination_.port);
  };
  const auto asked = std::span(exchangers_).subspan(first_, answers_.size());
  auto targets = route::choose_targets(destination_.host, asked, answers_, is_own, seed_);
  if (!targets && goes_on(targets.error())) return find_addresses(first_ + answers_.size());
  if (!targets && not_now_) targets = fail(*std::move(not_now_));
  if (!targets && destination_.relay && targets.error().verdict == mail::Verdict::kFailed) {
    // So is a route to a host without an address: a mistake to be mended, not a reason to return mail.
    targets.error().verdict = mail::Verdict::kDeferred;
    targets.error().trouble = mail::Trouble::kUnreachable;
    targets.error().code = {4, 4, 4};
    targets.error().text = fmt::format("The host {} has no address", destination_.host);
  }
  finish(std::move(targets));
}

// Whether worse exchangers are to be asked about, because these have no address. Notes what only time can tell.
bool TargetSearch::goes_on(const mail::Outcome& nothing) {
  const bool missing = nothing.code == mail::EnhancedCode{5, 4, 4},
             silent = nothing.code == mail::EnhancedCode{4, 4, 3};
  if (silent && !not_now_) not_now_ = nothing;
  const bool more = (missing || silent) && first_ + answers_.size() < exchangers_.size();
  if (missing && !more && !not_now_ && keeps_for_others_) not_now_ = route::better_ones_missing(destination_.host);
  return more;
}

void TargetSearch::finish(Result result) {
  const auto done = std::move(done_);
  done(std::move(result));
}

}  // namespace sluice::remote
