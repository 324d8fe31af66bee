// sendmail -bv: says where mail for each address would go. Nothing is sent, and no other host is asked.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "core/local/owner.h"
#include "core/mail/address.h"
#include "core/route/router.h"
#include "system/aliases/table.h"
#include "system/os/clock.h"
#include "system/owner/owner_search.h"
#include "work.h"

namespace sluice::sendmail {

namespace {

constexpr std::string_view kNobody = "no such user here";

struct Finding {
  int status;
  std::string text;
};

// Whether a .qmail file speaks for the extension; nothing if we may not look.
std::optional<bool> has_instructions(const local::Owner& owner) {
  for (const auto& name : local::dot_qmail_names(owner.dash, owner.ext)) {
    struct stat status {};
    if (::stat(fmt::format("{}/{}", owner.home, name.file).c_str(), &status) == 0) return true;
    if (errno != ENOENT && errno != ENOTDIR) return std::nullopt;
  }
  return false;
}

class Verifier {
 public:
  static Result<Verifier, std::string> make(const settings::Settings& settings) {
    auto router = route::Router::build({.locals = settings.locals,
                                        .virtualdomains = settings.virtualdomains,
                                        .percenthack = settings.percenthack,
                                        .envnoathost = settings.envnoathost,
                                        .lmtproutes = settings.lmtproutes});
    if (!router) return fail(std::string(route::to_string(router.error())));
    auto aliases = aliases::Table::open(settings.alias_database);
    if (!aliases) return fail(std::move(aliases.error()));
    return Verifier(settings, std::move(*router), std::move(*aliases));
  }

  Finding look_at(const std::string& address) {
    const route::Routed routed = router_.route(address);
    switch (routed.channel) {
      case queue::Channel::kRemote:
        return {EX_OK, fmt::format("remote, to {} by SMTP", mail::domain_of(routed.address))};
      case queue::Channel::kLmtp:
        return {EX_OK, "by LMTP"};
      case queue::Channel::kLocal:
        return look_at_local(std::string(mail::local_part_of(routed.address)));
      case queue::Channel::kGroup:
        break;
    }
    return {EX_SOFTWARE, "no channel"};
  }

 private:
  Verifier(const settings::Settings& settings, route::Router router, aliases::Table aliases)
      : router_(std::move(router)),
        aliases_(std::move(aliases)),
        owners_(owner::places_of(settings, settings.defaultdelivery)) {}

  Finding look_at_local(const std::string& local_part) {
    const auto found = owners_.find(local_part, owner::OwnerSearch::Among::kAll, os::mono_now());
    if (!found && found.error().verdict == mail::Verdict::kFailed) return {EX_NOUSER, std::string(kNobody)};
    if (!found) return {EX_TEMPFAIL, found.error().text};
    return found->addressee == link::Addressee::kAlias ? look_at_alias(local_part) : look_at_owner(found->owner);
  }

  Finding look_at_alias(const std::string& local_part) const {
    const auto expansion = aliases_.expand(local_part);
    if (!expansion)
      return {expansion.error().problem == local::ExpansionProblem::kDatabase ? EX_TEMPFAIL : EX_DATAERR,
              expansion.error().text};
    const std::size_t targets = expansion->targets.size();
    return {EX_OK, fmt::format("local, an alias of {} target{}", targets, targets == 1 ? "" : "s")};
  }

  static Finding look_at_owner(const local::Owner& owner) {
    const std::string user = fmt::format("local, user {}", owner.user);
    if (!local::needs_dot_qmail(owner.dash)) return {EX_OK, user};
    const auto found = has_instructions(owner);
    if (!found) return {EX_OK, fmt::format("{}, if there is a .qmail file for {}{}", user, owner.dash, owner.ext)};
    return *found ? Finding{EX_OK, user} : Finding{EX_NOUSER, std::string(kNobody)};
  }

  route::Router router_;
  aliases::Table aliases_;
  owner::OwnerSearch owners_;
};

}  // namespace

int verify(const Work& work) {
  if (work.options.addresses.empty()) return work.fail(EX_USAGE, "-bv needs addresses");
  auto verifier = Verifier::make(work.settings);
  if (!verifier) return work.fail(EX_TEMPFAIL, verifier.error());
  int status = EX_OK;
  const auto say = [&](std::string_view address, const Finding& finding) {
    if (finding.status != EX_OK) status = finding.status;
    fmt::print("{}... {}{}\n", mail::printable(address), finding.status == EX_OK ? "deliverable: " : "", finding.text);
  };
  for (const std::string& operand : work.options.addresses) {
    const auto list = submission::parse_address_list(operand, submission::ListStyle::kSpacesToo);
    if (!list) say(operand, {EX_USAGE, std::string(to_text(list.error()))});
    for (const auto& listed : list ? *list : std::vector<submission::ListedAddress>{}) {
      const auto address = submission::envelope_address(listed, work.names);
      if (!address || address->empty())
        say(operand, {EX_USAGE, address ? "the null sender gets no mail" : address.error()});
      else
        say(*address, verifier->look_at(*address));
    }
  }
  if (std::fflush(stdout) != 0) return work.fail(EX_IOERR, "cannot write to standard output");
  return status;
}

}  // namespace sluice::sendmail
