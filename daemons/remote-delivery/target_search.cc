#include "target_search.h"

#include <fmt/format.h>

namespace sluice::remote {

TargetSearch::TargetSearch(net::Resolver& resolver, const ThisHost& self, route::Destination destination,
                           std::uint64_t seed, std::function<void(Result)> done)
    : resolver_(resolver), self_(self), destination_(std::move(destination)), seed_(seed), done_(std::move(done)) {
  if (destination_.relay) {
    exchangers_ = {{0, destination_.host}};
    find_addresses();
    return;
  }
  questions_.push_back(resolver_.find_mx(destination_.host, [this](const route::MxAnswer& answer) {
    auto chosen = route::choose_exchangers(destination_.host, answer, self_.names(), seed_);
    if (!chosen) return finish(fail(std::move(chosen.error())));
    exchangers_ = std::move(*chosen);
    find_addresses();
  }));
}

void TargetSearch::find_addresses() {
  using Family = net::Resolver::Family;
  answers_.resize(exchangers_.size());
  open_questions_ = 2 * exchangers_.size();
  for (std::size_t i = 0; i < exchangers_.size(); ++i) {
    for (const Family family : {Family::kV4, Family::kV6}) {
      questions_.push_back(
          resolver_.find_addresses(exchangers_[i].host, family, [this, i, family](route::AddressAnswer answer) {
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
  auto targets = route::choose_targets(destination_.host, exchangers_, answers_, is_own, seed_);
  if (!targets && destination_.relay && targets.error().verdict == mail::Verdict::kFailed) {
    // So is a route to a host without an address: a mistake to be mended, not a reason to return mail.
    targets.error().verdict = mail::Verdict::kDeferred;
    targets.error().trouble = mail::Trouble::kUnreachable;
    targets.error().code = {4, 4, 4};
    targets.error().text = fmt::format("The host {} has no address", destination_.host);
  }
  finish(std::move(targets));
}

void TargetSearch::finish(Result result) {
  const auto done = std::move(done_);
  done(std::move(result));
}

}  // namespace sluice::remote
