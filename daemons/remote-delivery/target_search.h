// TargetSearch: asks the name service what a delivery needs to know and hands over the addresses to try, best first.
// Questions that do not depend on each other are under way together. What the answers mean is core/route/mx.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/route/mx.h"
#include "core/route/smtp_routes.h"
#include "system/resolver/resolver.h"
#include "this_host.h"

namespace sluice::remote {

class TargetSearch {
 public:
  using Result = sluice::Result<std::vector<route::Target>, mail::Outcome>;

  // `done` is called once, never from within this call, and may destroy the search. Destroying the search cancels.
  TargetSearch(net::Resolver& resolver, const ThisHost& self, route::Destination destination, std::uint64_t seed,
               std::function<void(Result)> done);

 private:
  void find_addresses(std::size_t first);
  bool goes_on(const mail::Outcome& nothing);
  void note_answer();
  void finish(Result result);

  net::Resolver& resolver_;
  const ThisHost& self_;
  const route::Destination destination_;
  const std::uint64_t seed_;
  std::function<void(Result)> done_;
  bool keeps_for_others_ = false;  // this host is one of the exchangers
  std::vector<route::Exchanger> exchangers_;
  std::size_t first_ = 0;                   // of the exchangers that are asked about now
  std::vector<route::Found4And6> answers_;  // about them, in their order
  std::optional<mail::Outcome> not_now_;    // what was said first of those that could not be looked up
  std::size_t open_questions_ = 0;
  std::vector<std::unique_ptr<net::Resolver::Question>> questions_;
};

}  // namespace sluice::remote
